/**
 * A listing's ways out: withdrawn before its node is on the market, retired from it afterwards. Its node is revoked in the same transaction, so
 * that nothing is placed on it, its GPUs may be named by another node, and the worker retires its key on the chain. What it earned, and
 * its history, stay. Running leases leave it as they leave a node that went away.
 */
import type { ListingEvent } from '@isochrone/domain'
import { commitAndPublish } from '../control/commit-and-publish.ts'
import { recordControlChange } from '../control/record-control-change.ts'
import type { ControlPlaneDeps } from '../ports/control-plane-deps.ts'
import type { ListingRow } from '../ports/listing-store.ts'
import { after, found, pick, reread, stale, type At } from './listing-at.ts'

type Deps = Pick<ControlPlaneDeps, 'store' | 'stream'>

/** @throws AppError `state_conflict` for one that is on the market, or has left. */
export const withdrawListing = (deps: Deps, at: At): Promise<ListingRow> => leave(deps, at, 'withdraw')

/** @throws AppError `state_conflict` for one that is not on the market. */
export const retireListing = (deps: Deps, at: At): Promise<ListingRow> => leave(deps, at, 'retire')

async function leave(deps: Deps, at: At, event: ListingEvent): Promise<ListingRow> {
  const row = await found(deps, at)
  if (row.version !== at.version) throw stale()
  const status = after(row, event)
  await commitAndPublish(deps, async (tx) => {
    if (!(await tx.listings.update(pick(row), { status }))) throw stale()
    if (!row.nodeId || !(await tx.providers.revokeNode(row.nodeId))) return
    await recordControlChange(tx.control, { nodeIds: [row.nodeId] })
  })
  return reread(deps, row)
}
