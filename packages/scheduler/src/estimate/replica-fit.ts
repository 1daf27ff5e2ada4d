/**
 * What one replica's past attempts say about its next, fitted online in the pool's rows.
 *
 * TPOT̂ = a + b·c + g·c·ctx is fitted as a line in x = c·(1 + (g/b)·ctx): the ratio g/b stays the declared one, because
 * streams and their context move together and three coefficients cannot be told apart from them; a slow machine is slow
 * in both. TTFT̂ = base + prefill·(tokens that waited before it + its own), after the wait for decoding streams is taken off. Exponentially weighted least
 * squares (Ljung, System Identification, 1999, §11.2) with the prior as observations that are never forgotten.
 */
import {
  ACTIVE,
  BASE,
  COLD,
  CONTEXT,
  FIT_A,
  FIT_B,
  FIT_PREFILL,
  OBSERVATIONS,
  PACE,
  PACE_APPLIED,
  PACE_TOLD,
  PREFILL_MS,
  PRIOR_A,
  PRIOR_B,
  PRIOR_BASE,
  PRIOR_G_OVER_B,
  PRIOR_PREFILL,
  ROW,
  TPOT_A,
  TPOT_B,
  TPOT_G,
  TPOT_SUMS,
  TTFT_SUMS,
} from '../pool/columns.ts'
import type { AttemptOutcome, EngineEstimate } from '../offer.ts'
import type { Tuning } from '../decide/constants.ts'

/** Optimistic: a replica that nobody has tried looks good enough to be tried, and its slow start limits the harm. */
export const defaultPrior: EngineEstimate = {
  baseMs: 5,
  prefillMsPerToken: 0.05,
  tpotBaseMs: 5,
  tpotPerStreamMs: 0.5,
  tpotPerStreamTokenMs: 0.0001,
}
/** Where the prior's second pseudo-observation lies: a busy replica, and a long prompt. */
const PRIOR_STREAMS = 64
const PRIOR_CONTEXT = 2_000
const PRIOR_PROMPT = 4_000
/** No line explains a token that took longer than this multiple of the prediction; it still counts, as this much. */
const OUTLIER = 5

/** Starts a replica from its prior. */
export function resetFit(
  rows: Float64Array,
  cold: Float64Array,
  slot: number,
  prior: EngineEstimate | undefined,
): void {
  const c = slot * COLD
  const from = prior && validPrior(prior) ? prior : defaultPrior
  for (let i = 0; i < 5; i++) cold[c + TPOT_SUMS + i] = cold[c + TTFT_SUMS + i] = 0
  cold[c + PRIOR_BASE] = from.baseMs
  cold[c + PRIOR_PREFILL] = from.prefillMsPerToken
  cold[c + PRIOR_A] = from.tpotBaseMs
  cold[c + PRIOR_B] = from.tpotPerStreamMs
  cold[c + PRIOR_G_OVER_B] = from.tpotPerStreamMs > 0 ? from.tpotPerStreamTokenMs / from.tpotPerStreamMs : 0
  const r = slot * ROW
  rows[r + OBSERVATIONS] = 0
  rows[r + BASE] = from.baseMs
  cold[c + PACE] = cold[c + PACE_APPLIED] = 1
  cold[c + FIT_PREFILL] = from.prefillMsPerToken
  cold[c + FIT_A] = from.tpotBaseMs
  cold[c + FIT_B] = from.tpotPerStreamMs
  applyFit(rows, cold, slot)
  rows[r + TPOT_G] = from.tpotPerStreamTokenMs
}

/** The row's token times: the fit times the pace, the slower one of what was seen and what the node says. */
export function applyFit(rows: Float64Array, cold: Float64Array, slot: number): void {
  const r = slot * ROW
  const c = slot * COLD
  const pace = Math.max(cold[c + PACE_APPLIED] as number, cold[c + PACE_TOLD] as number)
  // Tokens sooner than the fit's say that no prompt is prefilled beside them, and nothing of how fast one would be.
  rows[r + PREFILL_MS] = Math.max(1, pace) * (cold[c + FIT_PREFILL] as number)
  rows[r + TPOT_A] = pace * (cold[c + FIT_A] as number)
  rows[r + TPOT_B] = pace * (cold[c + FIT_B] as number)
  rows[r + TPOT_G] = (rows[r + TPOT_B] as number) * (cold[c + PRIOR_G_OVER_B] as number)
}

/** Learns from one attempt that ended well. Values that are missing, negative or not finite are ignored. */
export function observeAttempt(
  rows: Float64Array,
  cold: Float64Array,
  slot: number,
  outcome: AttemptOutcome,
  tuning: Tuning,
): void {
  const r = slot * ROW
  const c = slot * COLD
  const streams = usable(outcome.concurrency)
    ? Math.max(1, outcome.concurrency)
    : Math.max(1, rows[r + ACTIVE] as number)
  const context = usable(outcome.contextTokens) ? outcome.contextTokens : (rows[r + CONTEXT] as number)
  rows[r + OBSERVATIONS] = Math.min(1e6, (rows[r + OBSERVATIONS] as number) + 1)
  const ratio = cold[c + PRIOR_G_OVER_B] as number
  // What a slow hour adds belongs to the hour: the fit is of the machine as it is otherwise. Only what was seen is taken off:
  // else a node that calls itself slow would be thought fast when it no longer does.
  const pace = cold[c + PACE_APPLIED] as number
  if (usable(outcome.tpotMs) && outcome.tokensOut > 1) {
    const x = streams * (1 + ratio * context)
    const predicted = (cold[c + FIT_A] as number) + (cold[c + FIT_B] as number) * x
    fit(cold, c + TPOT_SUMS, x, Math.min(outcome.tpotMs / pace, predicted * OUTLIER + 1), 1, tuning)
    solveTpot(cold, c, tuning)
    applyFit(rows, cold, slot)
  }
  // What waited before it was prefilled first, as `predict` has it: else a queue would be taken for the machine.
  const { tokensAhead = 0 } = outcome
  const ahead = usable(tokensAhead) ? tuning.ttftAheadShare * tokensAhead : 0
  const work = outcome.tokensIn - outcome.tokensCached + ahead
  if (!usable(outcome.engineTtftMs) || !usable(work)) return
  const others = streams - 1
  const step =
    others <= 0
      ? 0
      : (rows[r + TPOT_A] as number) +
        (rows[r + TPOT_B] as number) * others +
        (rows[r + TPOT_G] as number) * others * context
  const seenStep = (step * pace) / Math.max(pace, cold[c + PACE_TOLD] as number)
  const y = Math.max(0, outcome.engineTtftMs - seenStep * (1 + work / tuning.prefillChunkTokens)) / pace
  const predicted = (rows[r + BASE] as number) + (cold[c + FIT_PREFILL] as number) * work
  const above = y > predicted
  const weight = above ? tuning.ttftAboveWeight : 1
  fit(cold, c + TTFT_SUMS, work, Math.min(y, predicted * OUTLIER + 1), weight, tuning)
  solveTtft(rows, r, cold, c, tuning)
  applyFit(rows, cold, slot)
}

/**
 * Time went by in which this gateway sent nothing there. What was seen fades then and the prior, which never does, gains: one
 * slow answer, of an engine that was just being started, must not keep a replica out until somebody explores it, and whoever
 * is predicted outside the SLO is never explored.
 */
export function fadeFit(rows: Float64Array, cold: Float64Array, slot: number, elapsedMs: number, tuning: Tuning): void {
  const c = slot * COLD
  if (!(tuning.fitHalfLifeMs > 0 && elapsedMs > 0)) return
  const seen = (cold[c + TPOT_SUMS] as number) + (cold[c + TTFT_SUMS] as number)
  if (!(seen > FADED)) return
  const keep = 2 ** (-elapsedMs / tuning.fitHalfLifeMs)
  for (let i = 0; i < 5; i++) {
    cold[c + TPOT_SUMS + i] = (cold[c + TPOT_SUMS + i] as number) * keep
    cold[c + TTFT_SUMS + i] = (cold[c + TTFT_SUMS + i] as number) * keep
  }
  solveTpot(cold, c, tuning)
  solveTtft(rows, slot * ROW, cold, c, tuning)
  applyFit(rows, cold, slot)
}

/** Less than this of an observation moves no prediction. */
const FADED = 1e-6

function solveTpot(cold: Float64Array, c: number, tuning: Tuning): void {
  const a = cold[c + PRIOR_A] as number
  const b = cold[c + PRIOR_B] as number
  const ratio = cold[c + PRIOR_G_OVER_B] as number
  solve(cold, c + TPOT_SUMS, a, b, PRIOR_STREAMS * (1 + ratio * PRIOR_CONTEXT), tuning.fitPriorWeight)
  cold[c + FIT_A] = solved.intercept
  cold[c + FIT_B] = solved.slope
}

function solveTtft(rows: Float64Array, r: number, cold: Float64Array, c: number, tuning: Tuning): void {
  const base = cold[c + PRIOR_BASE] as number
  const prefill = cold[c + PRIOR_PREFILL] as number
  solve(cold, c + TTFT_SUMS, base, prefill, PRIOR_PROMPT, tuning.fitPriorWeight)
  rows[r + BASE] = solved.intercept
  cold[c + FIT_PREFILL] = solved.slope
}

function fit(cold: Float64Array, at: number, x: number, y: number, weight: number, tuning: Tuning): void {
  const keep = 1 - weight / tuning.fitMemory
  cold[at] = (cold[at] as number) * keep + weight
  cold[at + 1] = (cold[at + 1] as number) * keep + weight * x
  cold[at + 2] = (cold[at + 2] as number) * keep + weight * y
  cold[at + 3] = (cold[at + 3] as number) * keep + weight * x * x
  cold[at + 4] = (cold[at + 4] as number) * keep + weight * x * y
}

const solved = { intercept: 0, slope: 0 }

/** Slope and intercept are never negative: neither load nor tokens make an engine faster. */
function solve(cold: Float64Array, at: number, intercept: number, slope: number, xPrior: number, weight: number): void {
  const half = weight / 2
  const yPrior = intercept + slope * xPrior
  const w = (cold[at] as number) + weight
  const x = (cold[at + 1] as number) + half * xPrior
  const y = (cold[at + 2] as number) + half * (intercept + yPrior)
  const xx = (cold[at + 3] as number) + half * xPrior * xPrior
  const xy = (cold[at + 4] as number) + half * xPrior * yPrior
  const spread = w * xx - x * x
  const line = spread > 1e-9 * w * xx ? (w * xy - x * y) / spread : slope
  const through = xx > 0 ? xy / xx : 0
  solved.slope = Math.max(0, line)
  solved.intercept = (y - solved.slope * x) / w
  if (solved.intercept < 0) {
    solved.intercept = 0
    solved.slope = through
  }
}

/** Larger values are no measurement, and their squares would leave the doubles. */
const USABLE_MAX = 1e9
const usable = (value: number | null): value is number => value !== null && value >= 0 && value <= USABLE_MAX

function validPrior(prior: EngineEstimate): boolean {
  return (
    usable(prior.baseMs) &&
    usable(prior.prefillMsPerToken) &&
    usable(prior.tpotBaseMs) &&
    usable(prior.tpotPerStreamMs) &&
    usable(prior.tpotPerStreamTokenMs)
  )
}
