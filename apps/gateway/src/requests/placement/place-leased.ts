/**
 * A request inside a lease at the lease's node: no other is asked, and how busy the node's own engine is does not matter. What
 * its policy forbids (regions, data policy, trust, …) stays forbidden; caps on a price do not, because the time is paid for.
 */
import { AppError } from '@isochrone/domain'
import type { PlacementRequest } from '@isochrone/scheduler'
import type { Fleet, LinkedReplica } from '../../fleet/create-fleet.ts'
import type { RequestContext } from '../request-context.ts'
import { rejectionNow } from './still-allowed.ts'
import type { Opening, Placed } from './placer.ts'

/** Throws `capacity_unavailable` where the lease has no node now, or one that is not linked here; `forbidden` for one that the policy excludes. */
export function placeLeased(
  { fleet, open }: { fleet: Fleet; open: (replica: LinkedReplica, request: PlacementRequest) => Opening | undefined },
  { pinned, lease, request: { model } }: RequestContext,
  request: PlacementRequest,
): Placed {
  const replica = pinned ? fleet.byNode(model, pinned.nodeId) : undefined
  refuseForbidden(fleet, model, pinned?.nodeId, request)
  const opening = replica && open(replica, request)
  if (opening) return { ...opening, alternates: [], ttftMs: 0, record: pinned?.placement ?? null }
  throw new AppError('capacity_unavailable', {
    publicMessage: `The lease ${lease?.leaseId ?? ''} has no node at this moment: it is being started, or moved. Try again shortly.`,
    retryAfterS: 2,
  })
}

function refuseForbidden(fleet: Fleet, model: string, nodeId: string | undefined, request: PlacementRequest): void {
  const reason = nodeId === undefined ? null : rejectionNow(fleet, model, nodeId, request)
  if (!reason || reason === 'over_price_cap') return
  throw new AppError('forbidden', {
    publicMessage: `The node of this lease is not one that the routing policy allows: ${reason.replaceAll('_', ' ')}. Change the policy, or rent another node.`,
    details: { reason },
  })
}
