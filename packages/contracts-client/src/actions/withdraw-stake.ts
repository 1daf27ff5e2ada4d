/** Takes what has thawed out of a stake, less what disputes hold. The sender must own the subject. */
import { encodeFunctionData, parseEventLogs, type Address, type Hex } from 'viem'

import { stakeVaultAbi } from '../abi/stake-vault.ts'
import type { ChainWriter } from '../chain-client.ts'
import { doneWhen, type WriteOutcome } from './outcome.ts'

/** Safe to retry: where nothing thaws (any more), nothing is withdrawn. `amount` is what left, in µUSD. */
export async function withdrawStake(
  { sender, deployment }: ChainWriter,
  { subject, to }: { subject: Hex; to: Address },
): Promise<WriteOutcome & { amount: bigint }> {
  const data = encodeFunctionData({ abi: stakeVaultAbi, functionName: 'withdraw', args: [subject, to] })
  const { receipt } = await doneWhen('NothingThawing', sender.send({ to: deployment.addresses.vault, data }))
  const [log] = parseEventLogs({ abi: stakeVaultAbi, logs: receipt?.logs ?? [], eventName: 'StakeWithdrawn' })
  return { receipt, amount: log?.args.amount ?? 0n }
}
