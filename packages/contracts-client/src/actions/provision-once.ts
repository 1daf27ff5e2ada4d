/**
 * Adds the sender's tokens to a stake, once for each order, however often it is called, by however many processes, and
 * whatever crashes in between: the vault refuses an order of one sender a second time.
 */
import { encodeFunctionData, type Hex } from 'viem'

import { stakeVaultAbi } from '../abi/stake-vault.ts'
import type { ChainWriter } from '../chain-client.ts'
import { tokenBalance } from '../reads/token-balance.ts'
import { approveToken } from './approve-token.ts'
import { doneWhen, type WriteOutcome } from './outcome.ts'
import type { ProvisionInput } from './provision.ts'

export interface ProvisionOnceInput extends ProvisionInput {
  /** 32 bytes: the sender's own name for what it does once. */
  orderId: Hex
  /** Awaited before it is sent, and only if the sender lacks money (µUSD) for it. */
  fund: (lackingMicroUsd: bigint) => Promise<void>
}

/** Safe to retry: an order that is done counts as done, also with another amount. */
export async function provisionOnce(writer: ChainWriter, input: ProvisionOnceInput): Promise<WriteOutcome> {
  const { subject, amount, orderId, fund } = input
  const { publicClient, sender, deployment } = writer
  const vault = { address: deployment.addresses.vault, abi: stakeVaultAbi } as const
  const args = [sender.account.address, orderId] as const
  // Read first: between the two an earlier transaction may be included, whose money is not missing then.
  const held = await tokenBalance(writer, sender.account.address)
  if (await publicClient.readContract({ ...vault, functionName: 'isOrderDone', args })) return { receipt: null }
  if (held < amount) await fund(amount - held)
  await approveToken(writer, { spender: 'vault', amount })
  const call = { abi: stakeVaultAbi, functionName: 'provisionOnce', args: [subject, amount, orderId] } as const
  return doneWhen('OrderDone', sender.send({ to: vault.address, data: encodeFunctionData(call) }))
}
