/**
 * How fast a replica is now, next to its fit: a machine that is slow for half a minute is slow in all it does, and a fit
 * that remembers sixty attempts learns that too late and forgets it later still.
 *
 * The streams themselves show it, several times a second: ms per token ÷ the fit's at the present load, smoothed. Prompts
 * that wait there are prefilled beside them, a chunk a step, for as long as they take: a pace that this explains is no news.
 * Others' prompts make it jump, so what lies near 1 does not count. Where nobody looks it goes back to 1: a replica that
 * nobody uses must not be thought slow for ever.
 *
 * A node says as much of itself, of all its streams (`StreamPace` in domain). Its word counts where it makes it slower, and only then.
 */
import { PACE_MAX } from '@isochrone/domain'
import type { Tuning } from '../decide/constants.ts'
import type { RecentPace } from '../move/stream-watch.ts'
import {
  ACTIVE,
  COLD,
  CONTEXT,
  FIT_A,
  FIT_B,
  FIT_PREFILL,
  PACE,
  PACE_APPLIED,
  PACE_TOLD,
  PREFILL_TOKENS,
  PRIOR_G_OVER_B,
  ROW,
} from '../pool/columns.ts'
import { applyFit } from './replica-fit.ts'

/** What streams of this gateway took there of late. True when predictions changed. */
export function observePace(
  rows: Float64Array,
  cold: Float64Array,
  slot: number,
  { tpotMs, tokens, elapsedMs }: RecentPace,
  tuning: Tuning,
): boolean {
  if (!(tpotMs > 0 && tpotMs < 1e6 && tokens > 0 && elapsedMs > 0)) return false
  const r = slot * ROW
  const c = slot * COLD
  const streams = Math.max(1, rows[r + ACTIVE] as number)
  const perContext = (cold[c + PRIOR_G_OVER_B] as number) * (rows[r + CONTEXT] as number)
  const fitted = (cold[c + FIT_A] as number) + (cold[c + FIT_B] as number) * streams * (1 + perContext)
  if (!(fitted > 0)) return false
  const prefillMs = cold[c + FIT_PREFILL] as number
  const prefilling = Math.min(1, ((rows[r + PREFILL_TOKENS] as number) * prefillMs) / elapsedMs)
  const explained = fitted + prefilling * tuning.prefillChunkTokens * prefillMs
  const news = tpotMs > explained ? tpotMs / explained : Math.min(1, tpotMs / fitted)
  const ratio = Math.min(PACE_MAX, Math.max(1 / PACE_MAX, news))
  return follow(rows, cold, slot, ratio, (tuning.paceWeight * tokens) / (tokens + tuning.paceTokens), tuning)
}

/** What the node says of itself; absent or no number: nothing. True when predictions changed. */
export function hearPace(
  rows: Float64Array,
  cold: Float64Array,
  slot: number,
  pace: number | undefined,
  tuning: Tuning,
): boolean {
  const told = pace !== undefined && pace > 1 + tuning.paceBand && pace < Infinity ? Math.min(PACE_MAX, pace) : 0
  if (told === cold[slot * COLD + PACE_TOLD]) return false
  cold[slot * COLD + PACE_TOLD] = told
  applyFit(rows, cold, slot)
  return true
}

/** Time went by without a look. */
export function relaxPace(rows: Float64Array, cold: Float64Array, slot: number, tuning: Tuning): boolean {
  if (cold[slot * COLD + PACE] === 1) return false
  return follow(rows, cold, slot, 1, tuning.paceRelax, tuning)
}

function follow(rows: Float64Array, cold: Float64Array, slot: number, to: number, weight: number, t: Tuning): boolean {
  const c = slot * COLD
  const pace = (cold[c + PACE] as number) + weight * (to - (cold[c + PACE] as number))
  cold[c + PACE] = pace
  const counts = pace > 1 + t.paceBand || pace < 1 / (1 + t.paceBand) ? pace : 1
  if (counts === cold[c + PACE_APPLIED]) return false
  cold[c + PACE_APPLIED] = counts
  applyFit(rows, cold, slot)
  return true
}
