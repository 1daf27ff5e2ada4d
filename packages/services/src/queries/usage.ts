/** A team's usage by the hour or the day, each model for itself: sums of its requests' rows, a minute old at most. */
import type { ControlPlaneDeps } from '../ports/control-plane-deps.ts'
import type { UsageView } from './views/offers.ts'

const DAY_MS = 86_400_000
/** Up to so many days each hour is shown, beyond them each day. */
const HOURLY_DAYS_MAX = 3

export async function usageOfOrg(
  { store, clock }: Pick<ControlPlaneDeps, 'store' | 'clock'>,
  { orgId, days }: { orgId: string; days: number },
): Promise<UsageView> {
  const by = days <= HOURLY_DAYS_MAX ? 'hour' : 'day'
  const stepMs = by === 'hour' ? 3_600_000 : DAY_MS
  const nowMs = clock.nowMs()
  const since = Math.floor((nowMs - days * DAY_MS) / stepMs + 1) * stepMs
  const rows = await store.offers.usage(orgId, new Date(since), by)
  return {
    by,
    span: { fromMs: since, toMs: Math.floor(nowMs / stepMs) * stepMs },
    points: rows.map(({ at, ttftSumMs, ttftCount, ...row }) => ({
      ...row,
      atMs: at.getTime(),
      ttftMeanMs: ttftCount === 0 ? null : ttftSumMs / ttftCount,
    })),
  }
}
