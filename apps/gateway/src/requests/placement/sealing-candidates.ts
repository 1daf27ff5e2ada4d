/**
 * Whom a client may seal a request to: what placement would choose now and its alternates, then others inside the policy
 * that are looked at by chance, so that many clients do not all seal to the same ones. A choice of keys, no reservation.
 */
import type { Clock, Prng } from '@isochrone/domain'
import { constraintRejection, decide, type PlacementRequest } from '@isochrone/scheduler'
import type { Fleet, LinkedReplica } from '../../fleet/create-fleet.ts'
import { sealingNodeOf, type SealingNode } from './sealed-nodes.ts'

/** Keys in one answer. */
const CANDIDATES_MAX = 4
/** Replicas that are looked at beyond the decision's own. */
const LOOKS_MAX = 256

export interface SealingCandidate extends SealingNode {
  replica: LinkedReplica
}

/** Best first; empty where nobody inside the policy opens sealed requests here. */
export function sealingCandidates(
  { fleet, rng, clock }: { fleet: Fleet; rng: Prng; clock: Clock },
  model: string,
  request: PlacementRequest,
): SealingCandidate[] {
  const pool = fleet.pool(model)
  if (!pool) return []
  const nowMs = clock.nowMs()
  const found = new Map<string, SealingCandidate>()
  const consider = (slot: number): void => {
    const replica = fleet.at(model, slot)
    if (!replica || replica.node.barred || found.size >= CANDIDATES_MAX || found.has(replica.session.nodeId)) return
    if (constraintRejection(pool.offerAt(slot), request, pool.tuning) !== null) return
    const node = sealingNodeOf(replica.session, nowMs)
    if (node) found.set(replica.session.nodeId, { ...node, replica })
  }
  const decision = decide(pool, request, rng, nowMs)
  if (decision.kind === 'placed') for (const slot of [decision.slot, ...decision.alternates]) consider(slot)
  const slots = [...pool.slots()]
  const from = Math.floor(rng.unit() * slots.length)
  for (let i = 0; i < Math.min(LOOKS_MAX, slots.length); i++) {
    const slot = slots[(from + i) % slots.length]
    if (slot !== undefined) consider(slot)
  }
  return [...found.values()]
}
