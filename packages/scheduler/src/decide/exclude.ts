/** Nodes and providers that a request must not meet: by slot and interned id on the hot path. */
import type { PlacementRequest } from '../placement.ts'
import * as col from '../pool/columns.ts'
import type { ReplicaPool } from '../pool/replica-pool.ts'
import { codeOf } from './predict.ts'

const EXCLUDED = codeOf('excluded')

/** Marks sampled rows [from, n) that the request or its policy excludes by id. */
export function markExcluded(pool: ReplicaPool, from: number, request: PlacementRequest): void {
  for (const nodeId of request.excludeNodeIds) markSlot(pool, from, pool.slotOf(nodeId))
  for (const id of request.policy.exclude) {
    markSlot(pool, from, pool.slotOf(id))
    const provider = pool.knownId(id)
    if (provider === undefined) continue
    const s = pool.scratch
    for (let i = from; i < s.n; i++) if (s.value(i, col.PROVIDER) === provider) s.reason[i] = EXCLUDED
  }
}

function markSlot(pool: ReplicaPool, from: number, slot: number | undefined): void {
  if (slot === undefined) return
  const s = pool.scratch
  for (let i = from; i < s.n; i++) if (s.slots[i] === slot) s.reason[i] = EXCLUDED
}
