/**
 * Puts on record that a receipt's token counts are more than its text can be, and takes the difference off what the lane's
 * next voucher says: the payer's money stays in its channel, and the provider never gets it.
 *
 * Once for each receipt, and only while its epoch is open: what a voucher was signed for is the provider's, and only a
 * dispute takes it back. A recount that comes too late is on record all the same, with a refund of nothing.
 */
import { invariant } from '@isochrone/domain'
import { deliveryPriceMicroUsd, type DeliveryReceipt, type Hex, type MeteringRecountedEntry } from '@isochrone/protocol'
import { attemptKey, type LaneState } from './lane-state.ts'
import type { LaneWriter } from './lane-writer.ts'

/** The most that a receipt's text can be, in tokens; null where the text does not say it. */
export interface Recount {
  /** Prompt, cached or not. */
  tokensInMax: number | null
  tokensOutMax: number | null
  /** As the tokenizer found them. */
  countedIn: number | null
  countedOut: number | null
}

/** Of which receipt. */
export interface Recounted extends Recount {
  requestId: string
  requestIdHash: Hex
  attempt: number
  orgId: string
  model: string
}

/** `forgotten`: the receipt is no longer in memory. `agrees`: nothing was written. */
export type RecountOutcome = 'agrees' | 'refunded' | 'late' | 'twice' | 'forgotten'

export interface RecountDeps {
  lane: Hex
  state: LaneState
  writer: LaneWriter
  /** Highest number that a closed epoch, or one that is being closed, holds. */
  takenToSeq(): number
  nowMs(): number
}

/** Resolves when the correction is durable. */
export async function recordRecount(deps: RecountDeps, recount: Recounted): Promise<RecountOutcome> {
  const { state, writer, lane } = deps
  const delivery = state.delivered.get(attemptKey(recount.requestIdHash, recount.attempt))?.value
  if (!delivery) return 'forgotten'
  const counts = boundedBy(delivery, recount)
  if (counts === null) return 'agrees'
  if (state.corrections.has(delivery.seq)) return 'twice'
  const isLate = delivery.seq <= deps.takenToSeq() || !state.knowsTerms(delivery.termsHash)
  const prices = isLate ? null : state.termsOf(delivery.termsHash)
  const refund = prices ? delivery.price - deliveryPriceMicroUsd({ ...delivery, ...counts }, prices.prices) : 0n
  invariant(refund >= 0n && refund <= delivery.price, 'a refund is at most the price')
  const { requestId, attempt, orgId, model, countedIn, countedOut } = recount
  const { seq, channelId, nodeId, price } = delivery
  const entry: MeteringRecountedEntry = {
    type: 'metering-recounted',
    lane,
    seq,
    requestId,
    attempt,
    orgId,
    channelId,
    providerId: prices?.terms.providerId ?? ZERO_PROVIDER,
    nodeId,
    model,
    billed: { tokensIn: delivery.billedIn, tokensCached: delivery.billedCached, tokensOut: delivery.billedOut },
    recounted: { tokensIn: counts.billedIn, tokensCached: counts.billedCached, tokensOut: counts.billedOut },
    countedIn,
    countedOut,
    priceMicroUsd: price.toString(),
    refundMicroUsd: refund.toString(),
    countedAtMs: deps.nowMs(),
  }
  await writer.write(entry)
  return isLate ? 'late' : 'refunded'
}

type Counts = Pick<DeliveryReceipt, 'billedIn' | 'billedCached' | 'billedOut'>

/** Null where what was billed fits. The cache holds a prompt's beginning, so what is too much is taken off the rest first. */
function boundedBy(
  { billedIn, billedCached, billedOut }: Counts,
  { tokensInMax, tokensOutMax }: Recount,
): Counts | null {
  const inMax = Math.min(billedIn + billedCached, tokensInMax ?? Number.MAX_SAFE_INTEGER)
  const cached = Math.min(billedCached, inMax)
  const counts = {
    billedIn: inMax - cached,
    billedCached: cached,
    billedOut: Math.min(billedOut, tokensOutMax ?? billedOut),
  }
  const isLess = counts.billedIn + cached < billedIn + billedCached || counts.billedOut < billedOut
  return isLess ? counts : null
}

const ZERO_PROVIDER: Hex = `0x${'00'.repeat(32)}`
