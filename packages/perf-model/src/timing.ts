/**
 * What a curve predicts: pure functions of load, in milliseconds.
 *
 * Formulas: TPOT = a + b*c + g*c*ctx (decode is bound by weights read once per step plus KV read per sequence) and
 * prefill linear in uncached prompt tokens, as fitted in `curves.ts`.
 */
import type { PerfCurve } from './curves.ts'

/** Milliseconds to process `promptTokens` uncached prompt tokens. */
export function prefillMs(curve: PerfCurve, promptTokens: number): number {
  requireCount('promptTokens', promptTokens)
  return curve.prefillMsPerToken * promptTokens
}

/** Milliseconds per output token when `concurrency` sequences of `contextTokens` mean length decode together. */
export function tpotMs(curve: PerfCurve, concurrency: number, contextTokens: number): number {
  requireCount('concurrency', concurrency)
  requireCount('contextTokens', contextTokens)
  return (
    curve.tpotBaseMs +
    curve.tpotPerSequenceMs * concurrency +
    curve.tpotPerSequenceTokenMs * concurrency * contextTokens
  )
}

/** Milliseconds from dispatch to the first token on an idle replica: prefill, then one decode step. */
export function unloadedTtftMs(curve: PerfCurve, promptTokens: number): number {
  return prefillMs(curve, promptTokens) + tpotMs(curve, 1, promptTokens)
}

function requireCount(name: string, value: number): void {
  if (!Number.isFinite(value) || value < 0)
    throw new RangeError(`${name} must be a finite count of 0 or more: ${value}`)
}
