/**
 * One replica of a pool by itself: what is known of it now, and what forbids a request on it, for callers that did not
 * ask for a decision (a node that is pinned, a page, another placer that starts from what was learned here).
 */
import { defaultTuning, type Tuning } from '../decide/constants.ts'
import type { EngineEstimate, ReplicaOffer } from '../offer.ts'
import { contextNeeded, type PlacementRequest, type RejectionReason } from '../placement.ts'
import * as col from './columns.ts'
import { staticRejection } from './static-rejection.ts'
import type { ReplicaPool } from './replica-pool.ts'
import { priceOr, usableOr } from './usable.ts'

export interface ReplicaState {
  /** Streams running and waiting on it, of all gateways. */
  activeStreams: number
  /** Prompt tokens that wait for prefill, of all gateways. */
  prefillTokens: number
  /** Learned cap on streams, at most the declared one. */
  streamsMax: number
  breakerOpenUntilMs: number
  draining: boolean
  failureRate: number
  observations: number
  estimate: EngineEstimate
}

/** `slot` must be in use. */
export function replicaStateOf(pool: ReplicaPool, slot: number): ReplicaState {
  const at = (column: number): number => pool.rows[slot * col.ROW + column] as number
  return {
    activeStreams: at(col.ACTIVE),
    prefillTokens: at(col.PREFILL_TOKENS),
    streamsMax: at(col.STREAMS_MAX),
    breakerOpenUntilMs: at(col.BREAKER_UNTIL),
    draining: at(col.DRAINING) !== 0,
    failureRate: at(col.FAILURE_RATE),
    observations: at(col.OBSERVATIONS),
    estimate: {
      baseMs: at(col.BASE),
      prefillMsPerToken: at(col.PREFILL_MS),
      tpotBaseMs: at(col.TPOT_A),
      tpotPerStreamMs: at(col.TPOT_B),
      tpotPerStreamTokenMs: at(col.TPOT_G),
    },
  }
}

/**
 * What forbids the request on this replica whatever its load: law, trust, money, size. Null where nothing does. The same
 * constraints as a decision's.
 */
export function constraintRejection(
  offer: ReplicaOffer,
  request: PlacementRequest,
  tuning: Pick<Tuning, 'bytesPerTokenOut'> = defaultTuning,
): RejectionReason | null {
  const { policy } = request
  if (request.modelHash !== null && request.modelHash !== offer.modelHash) return 'other_build'
  const unwanted = [...policy.exclude, ...request.excludeNodeIds]
  if (unwanted.includes(offer.nodeId) || policy.exclude.includes(offer.providerId)) return 'excluded'
  const rejection = staticRejection(offer, policy)
  if (rejection) return rejection
  if (!(contextNeeded(request) <= usableOr(offer.contextTokensMax, 0))) return 'context_too_long'
  return isOverPriceCap(offer, request, tuning.bytesPerTokenOut) ? 'over_price_cap' : null
}

/** The worst case: nothing cached, every reserved token used. Broken prices are over any cap. */
function isOverPriceCap({ prices }: ReplicaOffer, request: PlacementRequest, bytesPerTokenOut: number): boolean {
  const { policy, tokensInMax = request.tokensIn, tokensOutMax, bytesIn } = request
  const { inPerMtok, outPerMtok, requestMicroUsd } = policy.maxPrice
  const priceIn = Math.max(priceOr(prices.inPerMtok), priceOr(prices.cachedPerMtok))
  const priceOut = priceOr(prices.outPerMtok)
  if (inPerMtok !== null && priceIn > inPerMtok) return true
  if (outPerMtok !== null && priceOut > outPerMtok) return true
  if (requestMicroUsd === null) return false
  const tokens = tokensInMax * priceIn + tokensOutMax * priceOut
  const bytes = bytesIn * priceOr(prices.inPerGb) + tokensOutMax * bytesPerTokenOut * priceOr(prices.outPerGb)
  return !(tokens / 1e6 + bytes / 1e9 <= requestMicroUsd)
}
