/** How long a request may still wait for a place, ms. */
import { leftMsOf } from './deadline.ts'
import type { RequestContext } from './request-context.ts'
import type { ServeDeps } from './serve-request.ts'

/** A burst is served late before never. */
const PATIENCE_MS = 10_000

/** What is left of its patience, within the client's deadline; 0 where it may not wait. */
export function patienceMsOf({ patienceMs = PATIENCE_MS, clock }: ServeDeps, ctx: RequestContext): number {
  const { policy, receivedAtMs } = ctx
  // What must come within a time is not worth waiting longer for.
  const longestMs = policy.admission === 'slack' ? Math.min(patienceMs, policy.ttftSloMs) : patienceMs
  const nowMs = clock.nowMs()
  return Math.max(0, Math.min(longestMs - (nowMs - receivedAtMs), leftMsOf(ctx, nowMs) ?? longestMs))
}
