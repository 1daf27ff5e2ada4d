/**
 * Circuit breaker per replica: closed; open after failures in a row or at a high failure rate; half-open for a single
 * trial once its time is up; back-off doubles with each failed trial. Any success closes it.
 */
import type { Tuning } from '../decide/constants.ts'
import {
  BREAKER_LEVEL,
  BREAKER_TRIAL,
  BREAKER_UNTIL,
  COLD,
  FAILURES_IN_A_ROW,
  FAILURE_RATE,
  OBSERVATIONS,
  ROW,
} from '../pool/columns.ts'

export function breakerSuccess(rows: Float64Array, cold: Float64Array, slot: number, tuning: Tuning): void {
  const r = slot * ROW
  const c = slot * COLD
  const rate = rows[r + FAILURE_RATE] as number
  const closing = (cold[c + BREAKER_LEVEL] as number) > 0
  // A replica that comes back starts below the rate that would open it again at its next failure.
  rows[r + FAILURE_RATE] = (closing ? Math.min(rate, tuning.breakerRate / 2) : rate) * (1 - 1 / tuning.failureMemory)
  cold[c + FAILURES_IN_A_ROW] = 0
  cold[c + BREAKER_LEVEL] = 0
  cold[c + BREAKER_TRIAL] = 0
  rows[r + BREAKER_UNTIL] = 0
}

export function breakerFailure(
  rows: Float64Array,
  cold: Float64Array,
  slot: number,
  nowMs: number,
  tuning: Tuning,
): void {
  const r = slot * ROW
  const c = slot * COLD
  const rate = rows[r + FAILURE_RATE] as number
  rows[r + FAILURE_RATE] = rate + (1 - rate) / tuning.failureMemory
  cold[c + FAILURES_IN_A_ROW] = (cold[c + FAILURES_IN_A_ROW] as number) + 1
  const trial = (cold[c + BREAKER_TRIAL] as number) > 0
  // Streams that had started before it opened may still fail: they say nothing new.
  if ((rows[r + BREAKER_UNTIL] as number) > nowMs && !trial) return
  const inARow = (cold[c + FAILURES_IN_A_ROW] as number) >= tuning.breakerFailures
  const often =
    (rows[r + FAILURE_RATE] as number) >= tuning.breakerRate &&
    (rows[r + OBSERVATIONS] as number) >= tuning.breakerRateObservations
  const level = cold[c + BREAKER_LEVEL] as number
  if (!inARow && !often && level === 0) return
  cold[c + BREAKER_LEVEL] = level + 1
  cold[c + BREAKER_TRIAL] = 0
  rows[r + BREAKER_UNTIL] = nowMs + Math.min(tuning.breakerMsMax, tuning.breakerMsMin * 2 ** Math.min(20, level))
}

/** A dispatch to a half-open replica is its trial: nobody else goes there until it ends, or until the trial is overdue. */
export function breakerTrial(
  rows: Float64Array,
  cold: Float64Array,
  slot: number,
  nowMs: number,
  tuning: Tuning,
): boolean {
  const c = slot * COLD
  if ((cold[c + BREAKER_LEVEL] as number) === 0) return false
  cold[c + BREAKER_TRIAL] = 1
  rows[slot * ROW + BREAKER_UNTIL] = Math.max(rows[slot * ROW + BREAKER_UNTIL] as number, nowMs) + tuning.breakerTrialMs
  return true
}

/** The trial was cancelled: it taught nothing, and the next request may be the trial. */
export function breakerTrialCancelled(rows: Float64Array, cold: Float64Array, slot: number, nowMs: number): void {
  if ((cold[slot * COLD + BREAKER_TRIAL] as number) === 0) return
  cold[slot * COLD + BREAKER_TRIAL] = 0
  rows[slot * ROW + BREAKER_UNTIL] = nowMs
}
