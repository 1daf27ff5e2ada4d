/**
 * Leases on which something is to be done are put into the queue: new ones, and those that a dead worker or Redis forgot. One
 * that runs has its job there, and is left alone until its reading is overdue.
 */
import type { Clock } from '@isochrone/domain'
import type { LeaseStore } from '../ports/lease-store.ts'

export interface LeaseQueue {
  /** Adding one that is there already changes nothing. */
  addAll(leaseIds: readonly string[]): Promise<void>
}

export interface SweepLeasesDeps {
  leases: Pick<LeaseStore, 'dueIds'>
  queue: LeaseQueue
  clock: Clock
  /** Between two readings, ms. */
  meterMs: number
}

/** Longest untouched first: none waits for ever behind the others. */
const LEASES_MAX = 5_000
/** A reading on time is stored by then. */
const LATE_MS = 5_000

export async function sweepLeases({ leases, queue, clock, meterMs }: SweepLeasesDeps): Promise<number> {
  const nowMs = clock.nowMs()
  const ids = await leases.dueIds({ nowMs, meteredBeforeMs: nowMs - meterMs - LATE_MS, limit: LEASES_MAX })
  if (ids.length > 0) await queue.addAll(ids)
  return ids.length
}
