/** Asks that a lease ends now. The worker takes the last reading, stops the engine and gives back what is left. Safe to repeat. */
import { AppError } from '@isochrone/domain'
import { publishControlEvents } from '../control/publish-control-events.ts'
import { recordControlChange } from '../control/record-control-change.ts'
import type { ControlPlaneDeps } from '../ports/control-plane-deps.ts'
import type { LeaseRow } from '../ports/lease-store.ts'

/** Throws `not_found` for another organisation's. One that is over, or about to be, stays as it is. */
export async function stopLease(
  { store, stream, clock }: Pick<ControlPlaneDeps, 'store' | 'stream' | 'clock'>,
  { orgId, leaseId }: { orgId: string; leaseId: string },
): Promise<LeaseRow> {
  const lease = await store.leases.get(leaseId, orgId)
  if (!lease) throw new AppError('not_found', { publicMessage: 'There is no such lease.' })
  const stopping = await store.transaction(async (tx) => {
    const row = await tx.leases.step({
      id: leaseId,
      event: 'stop',
      atMs: clock.nowMs(),
      details: { by: 'organisation' },
    })
    if (row) await recordControlChange(tx.control, { leaseIds: [leaseId] })
    return row
  })
  await publishControlEvents({ outbox: store.control, stream }).catch(() => {})
  return stopping ?? (await store.leases.get(leaseId, orgId)) ?? lease
}
