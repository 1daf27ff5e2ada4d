/**
 * A queued job at the node that the worker chose. The choice was made elsewhere, a moment ago: what must never be broken
 * (residency, data policy, price cap, …) is looked at again here, and so is whether there is a place.
 */
import { AppError, slackStreamsMax } from '@isochrone/domain'
import { replicaStateOf, type PlacementRequest, type RejectionReason } from '@isochrone/scheduler'
import type { Fleet, LinkedReplica } from '../../fleet/create-fleet.ts'
import type { RequestContext } from '../request-context.ts'
import { rejectionNow } from './still-allowed.ts'
import type { Opening, Placed } from './placer.ts'

/** Throws `capacity_unavailable` where the node is gone, full or not for this request. */
export function placePinned(
  { fleet, open }: { fleet: Fleet; open: (replica: LinkedReplica, request: PlacementRequest) => Opening | undefined },
  { pinned, jobId, request: { model } }: RequestContext,
  request: PlacementRequest,
): Placed {
  const pool = fleet.pool(model)
  const replica = pinned ? fleet.byNode(model, pinned.nodeId) : undefined
  const slot = pinned ? pool?.slotOf(pinned.nodeId) : undefined
  if (!pinned || !pool || !replica || slot === undefined) {
    throw unavailable('The node chosen for this job is not linked here any more.')
  }
  const { activeStreams, draining } = replicaStateOf(pool, slot)
  const { concurrencyMax } = replica.session
  if (activeStreams >= (pinned.slack ? slackStreamsMax(concurrencyMax) : concurrencyMax))
    throw unavailable('The node chosen for this job is busy.', 'full')
  // What has no job behind it buys an answer for the checks: how else would a node that has failed one pass it again?
  const isCheck = replica.node.barred === true && !jobId && replica.session.reported?.draining !== true
  if (draining && !isCheck) throw unavailable('The node chosen for this job takes no new work.', 'draining')
  const reason = rejectionNow(fleet, model, pinned.nodeId, request)
  if (reason) throw unavailable('The node chosen for this job is not one that its routing policy allows.', reason)
  const opening = open(replica, request)
  if (!opening) throw unavailable('The node chosen for this job is not linked here any more.')
  return { ...opening, alternates: [], ttftMs: 0, record: pinned.placement }
}

const unavailable = (publicMessage: string, reason?: RejectionReason): AppError =>
  new AppError('capacity_unavailable', { publicMessage, retryAfterS: 1, details: { reason } })
