/** Redeems one voucher into the provider's pending, as far as balance, ceiling and the lane's anchored sum go. */
import { isAppError } from '@isochrone/domain'
import type { Signed, Voucher } from '@isochrone/protocol'
import { encodeFunctionData, parseSignature, signatureToCompactSignature } from 'viem'

import { paymentChannelsAbi } from '../abi/payment-channels.ts'
import { toAbiStruct } from '../abi-struct.ts'
import type { ChainWriter } from '../chain-client.ts'
import { revertNamed } from '../explain-chain-error.ts'
import { refusals, type Refusal } from '../refusal.ts'
import { claimResultOf } from './claim-many.ts'
import type { WriteOutcome } from './outcome.ts'

/**
 * Safe to retry: a voucher that was paid in full before is an outcome without a receipt and with nothing paid.
 *
 * @throws AppError `state_conflict` (`ClaimRefused`) when it cannot be paid, with the reason in its sentence.
 */
export async function claim(
  { sender, deployment }: ChainWriter,
  { value, signature }: Signed<Voucher>,
): Promise<WriteOutcome & { paid: bigint; unpaid: bigint }> {
  // A lane is a key: its signature fits two words, the cheapest way to claim one voucher.
  const { r, yParityAndS } = signatureToCompactSignature(parseSignature(signature))
  const args = [toAbiStruct('Voucher', value), r, yParityAndS] as const
  const data = encodeFunctionData({ abi: paymentChannelsAbi, functionName: 'claimCompact', args })
  try {
    const receipt = await sender.send({ to: deployment.addresses.channels, data })
    const [paid] = claimResultOf(receipt).claimed
    return { receipt, paid: paid?.paid ?? 0n, unpaid: paid?.unpaid ?? 0n }
  } catch (error) {
    if (isNothingDue(error)) return { receipt: null, paid: 0n, unpaid: 0n }
    throw error
  }
}

/** Whether a claim was refused because all of it was paid before. */
export function isNothingDue(error: unknown): boolean {
  return claimRefusalOf(error) === 'nothing_due'
}

/** Why a claim was refused; null for any other failure. */
export function claimRefusalOf(error: unknown): Refusal | null {
  if (revertNamed(error) !== 'ClaimRefused' || !isAppError(error)) return null
  const { args } = error.details
  return Array.isArray(args) ? (refusals[Number(args[0])] ?? null) : null
}
