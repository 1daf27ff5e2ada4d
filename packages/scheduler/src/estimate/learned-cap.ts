/**
 * Learned cap on streams: additive increase, multiplicative decrease (Chiu and Jain, 1989), between 1 and the declared
 * concurrency. A replica without a declared curve starts low and gains a stream with each answer.
 */
import type { Tuning } from '../decide/constants.ts'
import { COLD, ROW, STREAMS_DECLARED, STREAMS_MAX } from '../pool/columns.ts'

/** The replica answered 429 with `streams` on it. */
export function capRefused(rows: Float64Array, slot: number, streams: number, tuning: Tuning): void {
  const at = slot * ROW + STREAMS_MAX
  const cap = rows[at] as number
  const seen = Number.isFinite(streams) && streams > 0 ? Math.min(streams, cap) : cap
  rows[at] = Math.max(1, seen * tuning.capDecrease)
}

/** An attempt ended well with `streams` on the replica, itself included. */
export function capSucceeded(
  rows: Float64Array,
  cold: Float64Array,
  slot: number,
  streams: number,
  slowStart: boolean,
): void {
  const at = slot * ROW + STREAMS_MAX
  const cap = rows[at] as number
  const declared = cold[slot * COLD + STREAMS_DECLARED] as number
  if (cap >= declared) return
  if (slowStart) rows[at] = Math.min(declared, cap + 1)
  else if (streams >= cap * 0.8) rows[at] = Math.min(declared, cap + 1 / cap)
}
