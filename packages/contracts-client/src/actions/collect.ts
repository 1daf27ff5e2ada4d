/** Takes out a bond or reward that the token refused to deliver at the time. The sender is who it is owed to. */
import { encodeFunctionData, type Address, type TransactionReceipt } from 'viem'

import { disputeManagerAbi } from '../abi/dispute-manager.ts'
import type { ChainWriter } from '../chain-client.ts'

export async function collect(
  { sender, deployment }: ChainWriter,
  { from, to }: { from: 'disputes' | 'contradictions' | 'ledger'; to: Address },
): Promise<TransactionReceipt> {
  // `collect(address)` is the same function in each.
  const data = encodeFunctionData({ abi: disputeManagerAbi, functionName: 'collect', args: [to] })
  return sender.send({ to: deployment.addresses[from], data })
}
