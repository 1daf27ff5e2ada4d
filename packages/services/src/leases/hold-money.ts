/** From GPUs to money: the worst case is held in the channel's budget, or the GPUs are given back. Safe to repeat. */
import type { Clock } from '@isochrone/domain'
import type { LeaseBudget, LeaseRow, LeaseStore } from '../ports/lease-store.ts'

export interface HoldDeps {
  leases: Pick<LeaseStore, 'step' | 'dropGpus' | 'get'>
  budget: LeaseBudget
  clock: Clock
}

/** The lease as it stands then; null where the channel cannot cover it. Rejects when Redis does not answer. */
export async function holdMoney({ leases, budget, clock }: HoldDeps, lease: LeaseRow): Promise<LeaseRow | null> {
  const { id, channelId, reservedMicroUsd: microUsd } = lease
  const atMs = clock.nowMs()
  if (await budget.hold({ channelId, leaseId: id, microUsd })) {
    const details = { reservedMicroUsd: microUsd.toString() }
    const held = (await leases.step({ id, event: 'hold', atMs, details })) ?? (await leases.get(id))
    // Somebody stopped it meanwhile: whoever ends it may have released before this was held.
    if (held && (held.status === 'stopped' || held.status === 'failed')) await budget.release(channelId, id)
    return held
  }
  const error = 'The balance and spending limit do not cover its worst case.'
  const failed = await leases.step({
    id,
    event: 'fail',
    atMs,
    change: { error, endedAt: new Date(atMs) },
    details: { error },
  })
  if (failed) await leases.dropGpus(id)
  return null
}
