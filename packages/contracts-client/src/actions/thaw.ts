/** Starts the thaw of stake anew; an amount of 0 takes the request back. The sender must own the subject. */
import { encodeFunctionData, type Hex, type TransactionReceipt } from 'viem'

import { stakeVaultAbi } from '../abi/stake-vault.ts'
import type { ChainWriter } from '../chain-client.ts'

/** `amount` in µUSD. Repeating it starts the same thaw anew, later. */
export async function thaw(
  { sender, deployment }: ChainWriter,
  { subject, amount }: { subject: Hex; amount: bigint },
): Promise<TransactionReceipt> {
  const data = encodeFunctionData({ abi: stakeVaultAbi, functionName: 'thaw', args: [subject, amount] })
  return sender.send({ to: deployment.addresses.vault, data })
}
