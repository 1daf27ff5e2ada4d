/**
 * Adds the sender's tokens to the stake of a provider or a lane, approving them first where needed. Anyone may.
 *
 * Not to be retried blindly: two calls are two provisions. The sender itself never sends one of them twice.
 */
import { encodeFunctionData, type Hex, type TransactionReceipt } from 'viem'

import { stakeVaultAbi } from '../abi/stake-vault.ts'
import type { ChainWriter } from '../chain-client.ts'
import { approveToken } from './approve-token.ts'

export interface ProvisionInput {
  /** A providerId or a lane. */
  subject: Hex
  /** µUSD. */
  amount: bigint
}

export async function provision(writer: ChainWriter, { subject, amount }: ProvisionInput): Promise<TransactionReceipt> {
  await approveToken(writer, { spender: 'vault', amount })
  const data = encodeFunctionData({ abi: stakeVaultAbi, functionName: 'provision', args: [subject, amount] })
  return writer.sender.send({ to: writer.deployment.addresses.vault, data })
}
