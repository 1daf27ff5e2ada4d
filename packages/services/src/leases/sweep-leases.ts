/** Leases that are not over are looked at again and again: those that a dead worker or Redis forgot come back by this. */
import type { LeaseStore } from '../ports/lease-store.ts'

export interface LeaseQueue {
  /** Adding one that is there already changes nothing. */
  addAll(leaseIds: readonly string[]): Promise<void>
}

/** Longest untouched first: none waits for ever behind the others. */
const LEASES_MAX = 5_000

export async function sweepLeases({
  leases,
  queue,
}: {
  leases: Pick<LeaseStore, 'openIds'>
  queue: LeaseQueue
}): Promise<number> {
  const ids = await leases.openIds(LEASES_MAX)
  if (ids.length > 0) await queue.addAll(ids)
  return ids.length
}
