/** How long a request may still wait for a place, ms. */
import type { Clock } from '@isochrone/domain'
import { patienceLeftMs } from '@isochrone/scheduler'
import { leftMsOf } from '../deadline.ts'
import type { RequestContext } from '../request-context.ts'

/** What is left of its patience, within the client's deadline; 0 where it may not wait. */
export function patienceMsOf(
  { patienceMs, clock }: { patienceMs?: number; clock: Clock },
  ctx: RequestContext,
): number {
  const nowMs = clock.nowMs()
  const leftMs = patienceLeftMs(ctx.policy, nowMs - ctx.receivedAtMs, patienceMs)
  return Math.max(0, Math.min(leftMs, leftMsOf(ctx, nowMs) ?? leftMs))
}
