/** One listing as a page of its organisation showed it. Every write names the version that it saw. */
import { AppError, listingTransitions, transition, type ListingEvent, type ListingStatus } from '@isochrone/domain'
import type { ControlPlaneDeps } from '../ports/control-plane-deps.ts'
import type { ListingRow } from '../ports/listing-store.ts'

type Deps = Pick<ControlPlaneDeps, 'store'>
export interface At {
  orgId: string
  id: string
  version: number
}

const closedWords: Record<Exclude<ListingStatus, 'draft' | 'joined'>, string> = {
  submitted: 'being checked',
  live: 'on the market',
  retired: 'off the market',
  withdrawn: 'withdrawn',
}

/** @throws AppError `not_found`, also for another organisation's. */
export async function found({ store }: Deps, { orgId, id }: At): Promise<ListingRow> {
  const row = await store.listings.get(orgId, id)
  if (!row) throw new AppError('not_found', { publicMessage: 'There is no such listing.' })
  return row
}

/** One that is still edited, at the version that was seen. */
export async function editable(deps: Deps, at: At): Promise<ListingRow> {
  const row = await found(deps, at)
  if (row.status !== 'draft' && row.status !== 'joined') {
    throw new AppError('state_conflict', {
      publicMessage: `This listing is ${closedWords[row.status]} and is not edited any more.`,
    })
  }
  if (row.version !== at.version) throw stale()
  return row
}

/** Changes it if nobody else has since it was read. */
export async function changed(
  deps: Deps,
  row: ListingRow,
  change: Parameters<ControlPlaneDeps['store']['listings']['update']>[1],
): Promise<ListingRow> {
  if (!(await deps.store.listings.update(pick(row), change))) throw stale()
  return reread(deps, row)
}

export const pick = ({ id, version, status }: ListingRow) => ({ id, version, status })

export async function reread({ store }: Deps, { orgId, id }: ListingRow): Promise<ListingRow> {
  const row = await store.listings.get(orgId, id)
  if (!row) throw new AppError('not_found', { publicMessage: 'There is no such listing.' })
  return row
}

export function after(row: ListingRow, event: ListingEvent) {
  return transition(listingTransitions, row.status, event)
}

export function stale(): AppError {
  return new AppError('state_conflict', {
    publicMessage:
      'Another tab has changed this listing, or its agent has: nothing was saved here. Look at what it says now, then save again.',
  })
}
