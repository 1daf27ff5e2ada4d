/**
 * A request that no replica inside its policy could ever serve, whatever its load: their engines cannot do what it asks for,
 * or it is longer than their contexts.
 *
 * For the moment when work is queued or refused; it walks through the groups of a pool, not on the path of a request.
 */
import type { PlacementRequest } from '../placement.ts'
import { offerGroupsOf } from '../pool/offer-groups.ts'
import { constraintRejection } from '../pool/replica-state.ts'
import type { ReplicaPool } from '../pool/replica-pool.ts'
import { lacksFeatures, staticRejection } from '../pool/static-rejection.ts'

export type UnfitReason = 'unsupported' | 'context_too_long'

/**
 * Null where one of them could, where there is none of the model, or none inside the policy (`contradictionOf` says why).
 * Of a prompt's length only the least that it can be counts: estimates err, and an engine says it for certain.
 */
export function unfitReason(pool: ReplicaPool, request: PlacementRequest): UnfitReason | null {
  const { policy, tokensIn, tokensInMin = tokensIn } = request
  const least = { ...request, tokensIn: Math.min(tokensIn, tokensInMin) }
  let reason: UnfitReason | null = null
  for (const { kind, slots } of offerGroupsOf(pool)) {
    if (staticRejection(kind, { ...policy, features: undefined }) !== null) continue
    if (lacksFeatures(kind, policy)) {
      reason ??= 'unsupported'
      continue
    }
    for (const slot of slots) {
      const rejection = constraintRejection(pool.offerAt(slot), least, pool.tuning)
      if (rejection === null) return null
      if (rejection === 'context_too_long') reason = rejection
    }
  }
  return reason
}
