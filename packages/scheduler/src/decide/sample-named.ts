/** The sample of a request that only some nodes may serve, because only they can read it: those, and no others. */
import type { PlacementRequest } from '../placement.ts'
import type { ReplicaPool } from '../pool/replica-pool.ts'
import { staticRejection } from '../pool/static-rejection.ts'
import { codeOf } from './predict.ts'
import { addSlot } from './scratch.ts'

/** Names beyond this are not looked at. */
const NAMED_MAX = 16

/** Fills `scratch.slots` with the replicas of the named nodes; what the policy rules out has its reason. */
export function sampleNamed(pool: ReplicaPool, request: PlacementRequest, nodeIds: readonly string[]): void {
  const { scratch: s } = pool
  s.n = 0
  for (const nodeId of nodeIds.slice(0, NAMED_MAX)) {
    const slot = pool.slotOf(nodeId)
    if (slot === undefined || !addSlot(s, slot)) continue
    const offer = pool.offerAt(slot)
    const isOther = request.modelHash !== null && request.modelHash !== offer.modelHash
    const reason = isOther ? 'other_build' : staticRejection(offer, request.policy)
    if (reason !== null) s.reason[s.n - 1] = codeOf(reason)
  }
}
