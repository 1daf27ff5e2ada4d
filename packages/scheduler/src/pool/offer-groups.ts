/** The pool's cells for callers off the hot path: which replicas share their fixed attributes and nearly their prices. */
import type { CellClass } from './bucket.ts'
import type { ReplicaPool } from './replica-pool.ts'

export interface OfferGroup {
  kind: CellClass
  /** Valid until the pool changes. */
  slots: Int32Array
  /** Price levels: a replica of a higher one is dearer. */
  levelIn: number
  levelOut: number
}

/** Every cell that has replicas, in no particular order. */
export function offerGroupsOf(pool: ReplicaPool): OfferGroup[] {
  const groups: OfferGroup[] = []
  for (const { class: kind, bucket, place, levelIn, levelOut } of pool.index.cells()) {
    const count = bucket.counts[place] as number
    if (count === 0) continue
    const start = bucket.starts[place] as number
    const slots = pool.index.slab.data.subarray(start, start + count)
    groups.push({ kind, slots, levelIn, levelOut })
  }
  return groups
}
