/** Hard constraints: why a replica may not serve a request, or null. First reason that holds, hardest first. */
import { worstCasePrice } from './score.ts'
import type { PlacementRequest, RejectionReason, ReplicaView } from './types.ts'

/** Older state than this says nothing about load. */
export const STATE_AGE_MS_MAX = 5_000
/** Streams that a node takes, as a multiple of what it runs at once: agents refuse what they cannot start. */
const QUEUE_FACTOR = 1

export function rejectionOf(replica: ReplicaView, request: PlacementRequest, nowMs: number): RejectionReason | null {
  if (replica.model !== request.model) return 'other_model'
  if (request.countries !== null && !request.countries.includes(replica.country)) return 'outside_residency'
  if (request.excludeNodeIds.includes(replica.nodeId)) return 'excluded'
  if (request.tokensIn + request.tokensOutMax > replica.contextTokensMax) return 'context_too_long'
  if (request.priceMicroUsdMax !== null && !(worstCasePrice(replica, request) <= request.priceMicroUsdMax)) {
    return 'over_price_cap'
  }
  if (replica.draining) return 'draining'
  // A missing age is a node that has just linked: it may be used. A NaN is not: it compares false and is refused.
  if (replica.stateAgeMs !== null && !(replica.stateAgeMs <= STATE_AGE_MS_MAX)) return 'stale'
  if (replica.breakerOpenUntilMs > nowMs) return 'breaker_open'
  if (replica.activeStreams >= replica.concurrencyMax * QUEUE_FACTOR) return 'full'
  return null
}
