/** Nodes and providers that a request must not meet: by slot and interned id on the hot path. */
import type { PlacementRequest } from '../placement.ts'
import type { ReplicaPool } from '../pool/replica-pool.ts'
import { codeOf } from './predict.ts'
import type { DecisionScratch } from './scratch.ts'

const EXCLUDED = codeOf('excluded')

/** Marks sampled rows [from, n) that the request or its policy excludes by id. */
export function markExcluded(pool: ReplicaPool, from: number, request: PlacementRequest): void {
  const { scratch: s, providers: providerOf } = pool
  // Those of a request are the few that it was tried on already.
  for (const nodeId of request.excludeNodeIds) {
    const slot = pool.slotOf(nodeId)
    if (slot !== undefined) markSlot(s, from, slot)
  }
  const { exclude } = request.policy
  if (exclude.length === 0) return
  const { slots, providers } = pool.excludedBy(exclude)
  for (const slot of slots) markSlot(s, from, slot)
  for (const provider of providers) {
    for (let i = from; i < s.n; i++) if (providerOf[s.slots[i] as number] === provider) s.reason[i] = EXCLUDED
  }
}

function markSlot({ slots, reason, n }: DecisionScratch, from: number, slot: number): void {
  for (let i = from; i < n; i++) if (slots[i] === slot) reason[i] = EXCLUDED
}
