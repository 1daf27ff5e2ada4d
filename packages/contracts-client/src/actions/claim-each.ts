/**
 * Redeems vouchers of one provider, lane, epoch, root and sum earned: the cheapest way, because nothing that they share is repeated.
 */
import type { Signed, Voucher } from '@isochrone/protocol'
import { encodeFunctionData, signatureToCompactSignature, parseSignature, type Hex } from 'viem'

import { paymentChannelsAbi } from '../abi/payment-channels.ts'
import type { ChainWriter } from '../chain-client.ts'
import { CLAIM_BATCH_MAX, claimResultOf, type ClaimManyResult } from './claim-many.ts'

/**
 * Safe to retry: a voucher pays once, and one that was paid is skipped with `nothing_due`.
 *
 * @throws RangeError for no voucher, above `CLAIM_BATCH_MAX`, or when they differ in more than channel and amount.
 */
export async function claimEach(
  { sender, deployment }: ChainWriter,
  vouchers: readonly Signed<Voucher>[],
): Promise<ClaimManyResult> {
  const first = vouchers[0]?.value
  if (first === undefined || vouchers.length > CLAIM_BATCH_MAX) {
    throw new RangeError(`1 to ${CLAIM_BATCH_MAX} vouchers at a time, not ${vouchers.length}`)
  }
  const { providerId, lane, epoch, receiptRoot, earned } = first
  const dues = vouchers.map(({ value, signature }) => {
    const isAlike = isSameHex(value.providerId, providerId) && isSameHex(value.lane, lane)
    const isOfOneEpoch = value.epoch === epoch && value.earned === earned && isSameHex(value.receiptRoot, receiptRoot)
    if (!isAlike || !isOfOneEpoch) {
      throw new RangeError('claimEach takes vouchers of one provider, lane, epoch, root and sum earned')
    }
    const { r, yParityAndS } = signatureToCompactSignature(parseSignature(signature))
    return { channelId: value.channelId, cumulative: value.cumulative, r, vs: yParityAndS }
  })
  const args = [providerId, lane, BigInt(epoch), receiptRoot, earned, dues] as const
  const data = encodeFunctionData({ abi: paymentChannelsAbi, functionName: 'claimEach', args })
  return claimResultOf(await sender.send({ to: deployment.addresses.channels, data }))
}

function isSameHex(a: Hex, b: Hex): boolean {
  return a.toLowerCase() === b.toLowerCase()
}
