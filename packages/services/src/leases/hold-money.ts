/** From GPUs to money: the worst case is held in the channel's budget, or the GPUs are given back. Safe to repeat. */
import { leaseOver } from '@isochrone/domain'
import type { ControlPlaneDeps } from '../ports/control-plane-deps.ts'
import type { LeaseBudget, LeaseRow } from '../ports/lease-store.ts'

export type HoldDeps = Pick<ControlPlaneDeps, 'store' | 'clock'> & { budget: LeaseBudget }

/** Why a lease has failed for which there was no money. */
export const NOT_COVERED = 'The balance and spending limit do not cover its worst case.'

/** The lease as it stands then; null where the channel cannot cover it. Rejects when Redis does not answer. */
export async function holdMoney({ store, budget, clock }: HoldDeps, lease: LeaseRow): Promise<LeaseRow | null> {
  const { id, channelId, reservedMicroUsd, billedMicroUsd } = lease
  const { leases } = store
  const atMs = clock.nowMs()
  if (await budget.hold({ channelId, leaseId: id, reservedMicroUsd, billedMicroUsd })) {
    const details = { reservedMicroUsd: reservedMicroUsd.toString() }
    const held = (await leases.step({ id, event: 'hold', atMs, details })) ?? (await leases.get(id))
    // Somebody stopped it meanwhile: whoever ends it may have released before this was held.
    if (held && leaseOver(held.status)) await budget.release(channelId, id)
    return held
  }
  const error = NOT_COVERED
  const failed = await store.transaction(async (tx) => {
    // Somebody else may have found the money a moment later, and held it.
    const seen = { status: 'requested' } as const
    const change = { error, endedAt: new Date(atMs) }
    const row = await tx.leases.step({ id, event: 'fail', atMs, seen, change, details: { error } })
    if (row) await tx.leases.dropGpus(id)
    return row
  })
  const now = failed ?? (await leases.get(id))
  return now && now.status !== 'failed' ? now : null
}
