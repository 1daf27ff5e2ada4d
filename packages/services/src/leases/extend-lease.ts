/**
 * A lease for longer, at the price that was agreed: its worst case is held first, then the row says so. The caller's key
 * makes it safe to repeat.
 */
import { AppError } from '@isochrone/domain'
import type { ControlPlaneDeps } from '../ports/control-plane-deps.ts'
import type { LeaseBudget, LeaseRow } from '../ports/lease-store.ts'
import { checkedDurationMs, LEASE_MS_MAX, leaseReserveMicroUsd } from './lease-price.ts'

export async function extendLease(
  { store, clock, budget }: Pick<ControlPlaneDeps, 'store' | 'clock'> & { budget: LeaseBudget },
  { orgId, leaseId, durationMs, key }: { orgId: string; leaseId: string; durationMs: number; key: string },
): Promise<LeaseRow> {
  const { leases } = store
  const lease = await leases.get(leaseId, orgId)
  if (!lease) throw new AppError('not_found', { publicMessage: 'There is no such lease.' })
  const more = checkedDurationMs(durationMs)
  if (lease.durationMs + more > BigInt(LEASE_MS_MAX)) {
    throw new AppError('invalid_input', {
      publicMessage: 'duration: a lease lasts at most 30 days in all.',
      field: 'duration',
    })
  }
  const { gpus, channelId, maxPerGpuHourMicroUsd: perGpuHourMicroUsd } = lease
  const reserveMicroUsd = leaseReserveMicroUsd({ gpus, durationMs: more, perGpuHourMicroUsd })
  if (!(await leases.insertExtension({ leaseId, key, durationMs: more, reserveMicroUsd }))) return lease
  const left = lease.reservedMicroUsd - lease.billedMicroUsd
  if (!(await budget.hold({ channelId, leaseId, microUsd: left + reserveMicroUsd }))) {
    await leases.removeExtension(leaseId, key)
    throw new AppError('insufficient_balance', {
      publicMessage: 'The balance and spending limit do not cover the longer lease. Add funds, then ask again.',
    })
  }
  const longer = await leases.extend(leaseId, { durationMs: more, reserveMicroUsd })
  if (longer) {
    const details = { durationMs: Number(more), reserveMicroUsd: reserveMicroUsd.toString() }
    await leases.note(leaseId, 'extend', clock.nowMs(), details)
    return longer
  }
  // It ended, or is about to: what was held more is given back with the rest, now or by whoever ends it.
  await leases.removeExtension(leaseId, key)
  const now = await leases.get(leaseId)
  if (now && now.endedAt !== null) await budget.release(channelId, leaseId)
  else await budget.hold({ channelId, leaseId, microUsd: left })
  throw new AppError('state_conflict', { publicMessage: 'A lease that is over, or about to be, cannot be extended.' })
}
