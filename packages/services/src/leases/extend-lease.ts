/**
 * A lease for longer, at the price that was agreed. The caller's key makes it safe to repeat.
 *
 * One extension of a lease at a time: its row is locked, its worst case is held in the channel's budget, and then row and key
 * are written together. Whoever dies in between leaves the row as it was; what was held for nothing is given back by
 * {@link settleHold}, here or in the worker's round.
 */
import { AppError } from '@isochrone/domain'
import type { ControlPlaneDeps } from '../ports/control-plane-deps.ts'
import type { LeaseBudget, LeaseRow } from '../ports/lease-store.ts'
import { checkedDurationMs, LEASE_MS_MAX, leaseReserveMicroUsd } from './lease-price.ts'
import { settleHold } from './settle-hold.ts'
import { whyNotLonger } from './why-not-longer.ts'

export interface LeaseExtension {
  orgId: string
  leaseId: string
  durationMs: number
  /** Asking twice with one key extends it once; for another time the key is refused. */
  key: string
}

type Deps = Pick<ControlPlaneDeps, 'store' | 'clock'> & { budget: LeaseBudget }

/** Throws `insufficient_balance`, and `state_conflict` for a lease that is over, or about to be, or whose node takes no new work. */
export async function extendLease({ store, clock, budget }: Deps, input: LeaseExtension): Promise<LeaseRow> {
  const { orgId, leaseId, key } = input
  const durationMs = checkedDurationMs(input.durationMs)
  let seenMicroUsd: bigint | null = null
  try {
    return await store.transaction(async ({ leases }) => {
      const lease = await leases.lock(leaseId, orgId)
      if (!lease) throw new AppError('not_found', { publicMessage: 'There is no such lease.' })
      const earlier = await leases.extension(leaseId, key)
      if (earlier) return sameAs(earlier, durationMs, lease)
      const reserveMicroUsd = reserveOfMore(lease, durationMs)
      const barred = await whyNotLonger(leases, lease)
      if (barred !== null) throw new AppError('state_conflict', { publicMessage: barred })
      const { channelId, billedMicroUsd } = lease
      const reservedMicroUsd = lease.reservedMicroUsd + reserveMicroUsd
      // An answer that is lost may be a hold that is there.
      seenMicroUsd = reservedMicroUsd
      if (!(await budget.hold({ channelId, leaseId, reservedMicroUsd, billedMicroUsd }))) {
        seenMicroUsd = null
        throw tooDear()
      }
      const longer = await leases.extend({ leaseId, key, durationMs, reserveMicroUsd })
      const details = { durationMs: Number(durationMs), reserveMicroUsd: reserveMicroUsd.toString() }
      await leases.note(leaseId, 'extend', clock.nowMs(), details)
      return longer
    })
  } catch (error) {
    // What fails here too, the worker's round makes good.
    if (seenMicroUsd !== null) await settleHold({ store, budget }, { leaseId, seenMicroUsd }).catch(() => undefined)
    throw error
  }
}

/** Worst case of so much more time. Throws where the lease can have no more. */
function reserveOfMore(lease: LeaseRow, durationMs: bigint): bigint {
  const { status, gpus, maxPerGpuHourMicroUsd: perGpuHourMicroUsd } = lease
  if (status !== 'provisioning' && status !== 'running' && status !== 'moving') {
    const words = status === 'requested' ? 'whose money is not held yet' : 'that is over, or about to be,'
    throw new AppError('state_conflict', { publicMessage: `A lease ${words} cannot be extended.` })
  }
  if (lease.durationMs + durationMs > BigInt(LEASE_MS_MAX)) {
    throw new AppError('invalid_input', {
      publicMessage: 'duration: a lease lasts at most 30 days in all.',
      field: 'duration',
    })
  }
  return leaseReserveMicroUsd({ gpus, durationMs, perGpuHourMicroUsd })
}

function sameAs(earlier: { durationMs: bigint }, durationMs: bigint, lease: LeaseRow): LeaseRow {
  if (earlier.durationMs === durationMs) return lease
  throw new AppError('state_conflict', {
    publicMessage: `This same request has made the lease longer by ${earlier.durationMs / 60_000n} minutes already. Look at its end before you ask for more.`,
    field: 'key',
  })
}

const tooDear = () =>
  new AppError('insufficient_balance', {
    publicMessage: 'The balance and spending limit do not cover the longer lease. Add funds, then ask again.',
  })
