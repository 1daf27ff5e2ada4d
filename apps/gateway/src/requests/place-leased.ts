/** A request inside a lease at the lease's node: no other is asked, and how busy the node's own engine is does not matter. */
import { AppError } from '@isochrone/domain'
import type { PlacementRequest } from '@isochrone/scheduler'
import type { Fleet, LinkedReplica } from '../fleet/create-fleet.ts'
import type { Opening, Placed } from './place-request.ts'
import type { RequestContext } from './request-context.ts'

/** Throws `capacity_unavailable` where the lease has no node now, or one that is not linked here. */
export function placeLeased(
  { fleet, open }: { fleet: Fleet; open: (replica: LinkedReplica, request: PlacementRequest) => Opening | undefined },
  { pinned, lease, request: { model } }: RequestContext,
  request: PlacementRequest,
): Placed {
  const replica = pinned ? fleet.byNode(model, pinned.nodeId) : undefined
  const opening = replica && open(replica, request)
  if (opening) return { ...opening, alternates: [], ttftMs: 0, record: pinned?.placement ?? null }
  throw new AppError('capacity_unavailable', {
    publicMessage: `The lease ${lease?.leaseId ?? ''} has no node at this moment: it is being started, or moved. Try again shortly.`,
    retryAfterS: 2,
  })
}
