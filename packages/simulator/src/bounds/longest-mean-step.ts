/**
 * How long an engine's steps can be on average while every stream that decodes meets its TPOT SLO, ms.
 *
 * This is what makes the bounds bounds. A step lasts L = s·(a + Σ(b + g·ctx) over its c streams + p), p being at most
 * one chunk of prefill, and s·a of it is no work. Each stream's mean step is at most the SLO; summed over streams,
 * Σ c·(L − SLO) ≤ 0 over steps: the mean step *weighted by streams* is at most the SLO. The plain mean may be longer,
 * by mixing long steps of few streams with short ones of many. For any μ ≥ 0 every step has
 * L ≤ max over steps of [L − μ·c·(L − SLO)] + μ·c·(L − SLO), and the last term sums to ≤ 0: so that maximum bounds the
 * plain mean, and the smallest over μ is taken (Lagrange). It exceeds the SLO by some 15 %; a bound with the SLO itself
 * in its place would be tighter and not true.
 */
import type { EngineEstimate } from '@isochrone/scheduler'

export interface StepLimits {
  engine: EngineEstimate
  /** Engine time ÷ declared time. */
  speed: number
  tpotSloMs: number
  prefillChunkTokens: number
  concurrencyMax: number
  /** Longest context of any stream, tokens. */
  contextTokensMax: number
}

export function longestMeanStepMs(limits: StepLimits): number {
  // Convex in μ (a maximum of lines): a golden-section search over a range that holds every useful multiplier.
  let [low, high] = [0, 1]
  const golden = (Math.sqrt(5) - 1) / 2
  for (let i = 0; i < 60; i++) {
    const left = high - golden * (high - low)
    const right = low + golden * (high - low)
    if (longestAt(limits, left) <= longestAt(limits, right)) high = right
    else low = left
  }
  // Any μ gives a true bound; the best is the tightest.
  return Math.min(longestAt(limits, low), longestAt(limits, high))
}

/** Maximum of L − μ·c·(L − SLO). It is linear in the stream cost β and in p for a given c: the corners hold it. */
function longestAt({ engine, speed, tpotSloMs, ...limits }: StepLimits, mu: number): number {
  const chunkMs = limits.prefillChunkTokens * engine.prefillMsPerToken
  const perStream = [0, limits.contextTokensMax].map(
    (ctx) => engine.tpotPerStreamMs + engine.tpotPerStreamTokenMs * ctx,
  )
  let longest = 0
  for (let streams = 1; streams <= limits.concurrencyMax; streams++) {
    for (const streamMs of perStream) {
      for (const prefill of [0, chunkMs]) {
        const step = speed * (engine.tpotBaseMs + streamMs * streams + prefill)
        longest = Math.max(longest, step - mu * streams * (step - tpotSloMs))
      }
    }
  }
  return longest
}
