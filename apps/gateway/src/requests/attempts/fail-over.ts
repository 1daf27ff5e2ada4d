/** Where a request goes whose attempt came to nothing: unseen by the customer, so from the beginning. */
import type { LinkedReplica } from '../../fleet/create-fleet.ts'
import { patienceMsOf } from '../placement/patience.ts'
import { afterWaiting } from '../placement/placement-request.ts'
import { cancelled } from './pool-outcome.ts'
import { reservePriceMicroUsd } from '../limits/reserve-price.ts'
import { isPlaced } from '../placement/waiting-room.ts'
import type { Target } from '../target.ts'
import type { Opening, Placed } from '../placement/placer.ts'
import type { ServeDeps, Serving } from '../serving.ts'

/**
 * Who named an SLO goes where a fresh decision says that what is left of it holds, in another failure domain than the node that failed: alternates are as old as the
 * first decision. Else the next alternate that is still linked and still inside the policy; then what a fresh decision finds, now or within the
 * patience that is left. All as far as the reservation covers it: a dearer node may have linked since. A pinned job has no other node, and neither has who allows no fallback.
 *
 * A node that `declined` it has just told what waits there. Where the fresh decision finds nobody in time, neither would the alternates be: it goes
 * to that node after all, and waits for no place unless the node is gone.
 */
export async function failOver(
  deps: ServeDeps,
  { ctx, asked, answer, placed, reservedMicroUsd }: Serving,
  tried: readonly string[],
  { declined, failedDomain }: { declined: LinkedReplica | null; failedDomain: string | null },
): Promise<Opening | Placed | undefined> {
  if (ctx.pinned || !asked.policy.allowFallbacks) return undefined
  const covers = ({ node }: Pick<Target, 'node'>) => reservePriceMicroUsd(ctx.request, [node]) <= reservedMicroUsd
  if (asked.policy.admission === 'slack') {
    // What shares the fate of a node that failed may fail as well; one that declined is well.
    const failed = declined ? null : failedDomain
    const fits = (target: Pick<Target, 'node'>) => target.node.failureDomain !== failed && covers(target)
    const passed = afterWaiting({ ...asked, excludeNodeIds: [...tried] }, deps.clock.nowMs() - ctx.receivedAtMs)
    const fresh = deps.placer.place(ctx.request.model, passed)
    if (isPlaced(fresh)) {
      if (fits(fresh.target)) return fresh
      fresh.ticket.closed(cancelled(asked))
      const other = fresh.alternates.find(fits)
      const opening = other && deps.placer.open(other, asked)
      if (opening) return { ...opening, alternates: [], ttftMs: 0, record: fresh.record }
    }
  }
  const back = declined && deps.placer.open(declined, asked)
  if (back) return back
  for (let replica = placed.alternates.shift(); replica; replica = placed.alternates.shift()) {
    if (tried.includes(replica.session.nodeId) || !covers(replica)) continue
    const opening = deps.placer.open(replica, asked)
    if (opening) return opening
  }
  const again = await deps.room
    .place({
      model: ctx.request.model,
      tenant: ctx.organisation.orgId,
      request: { ...asked, excludeNodeIds: [...tried] },
      patienceMs: patienceMsOf(deps, ctx),
      signal: answer.signal,
      isRunning: true,
    })
    .catch(() => null)
  if (again === null || !isPlaced(again)) return undefined
  if (covers(again.target)) return again
  again.ticket.closed(cancelled(asked))
  const covered = again.alternates.find(covers)
  const opening = covered && deps.placer.open(covered, asked)
  return opening && { ...opening, alternates: [], ttftMs: 0, record: again.record }
}
