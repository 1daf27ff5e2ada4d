/**
 * Which replicas of a model are looked at: all of a small pool, else about sixteen, half biased to low price by
 * tournaments of two, half uniform. A full scan would be slow and, under stale state, send everybody to one node.
 *
 * The pool is first put into the order of hashed node ids, so that the order in which replicas arrive changes nothing.
 */
import type { Prng } from '@isochrone/domain'
import type { ReplicaView } from './types.ts'

export const SAMPLE_SIZE = 16

export function sampleReplicas(pool: readonly ReplicaView[], rng: Prng): ReplicaView[] {
  const ordered = pool.toSorted(byHashedId)
  if (ordered.length <= SAMPLE_SIZE) return ordered
  const picked = new Set<number>()
  for (let draw = 0; draw < SAMPLE_SIZE * 4 && picked.size < SAMPLE_SIZE; draw++) {
    const a = rng.below(ordered.length)
    if (draw % 2 === 1) {
      picked.add(a)
      continue
    }
    const b = rng.below(ordered.length)
    picked.add(listPrice(ordered[b]) < listPrice(ordered[a]) ? b : a)
  }
  return [...picked].toSorted((a, b) => a - b).flatMap((index) => ordered[index] ?? [])
}

function listPrice(replica: ReplicaView | undefined): number {
  return replica ? replica.prices.inPerMtok + replica.prices.outPerMtok : Number.POSITIVE_INFINITY
}

function byHashedId(a: ReplicaView, b: ReplicaView): number {
  return fnv1a(a.nodeId) - fnv1a(b.nodeId) || (a.nodeId < b.nodeId ? -1 : a.nodeId > b.nodeId ? 1 : 0)
}

/** FNV-1a, 32 bits (draft-eastlake-fnv): an order that nobody can buy by choosing an early id. */
function fnv1a(text: string): number {
  let hash = 0x811c9dc5
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193)
  return hash >>> 0
}
