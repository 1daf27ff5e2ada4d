/**
 * What a decision found a moment ago, held against the request's policy as the node stands now: its region, prices, trust and
 * data policy are the control state's, which changes at any time. Whatever is opened later than its decision asks here first.
 */
import { constraintRejection, type PlacementRequest, type RejectionReason } from '@isochrone/scheduler'
import type { Fleet } from '../../fleet/create-fleet.ts'

/** What forbids the request on the node, whatever its load; null where nothing does, undefined where it is linked no more. */
export function rejectionNow(
  fleet: Pick<Fleet, 'pool'>,
  model: string,
  nodeId: string,
  request: PlacementRequest,
): RejectionReason | null | undefined {
  const pool = fleet.pool(model)
  const slot = pool?.slotOf(nodeId)
  if (!pool || slot === undefined) return undefined
  // Whoever decided may know better how long the prompt is: it is too long only where that is certain.
  const tokensIn = Math.min(request.tokensIn, request.tokensInMin ?? request.tokensIn)
  return constraintRejection(pool.offerAt(slot), { ...request, tokensIn }, pool.tuning)
}
