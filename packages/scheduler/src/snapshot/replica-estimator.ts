/**
 * What one replica's past attempts say about its next: time to first token, time per further token, failure.
 *
 * TTFT̂ = RTT + backlog + base + tokens in · prefill; TPOT̂ = a + b·c at c concurrent streams. Only what the attempt
 * itself measured is used; the caller gives the time. The breaker opens after five failures in a row.
 */
import { ewLinearFit } from './ew-linear-fit.ts'

/** Plain numbers, ready for a placement record. Milliseconds. */
export interface ReplicaEstimate {
  baseMs: number
  prefillMsPerToken: number
  tpotMs: number
  tpotMsPerStream: number
  /** Mean duration of an attempt, for the backlog. */
  attemptMs: number
  /** 0 to 1, exponentially weighted. */
  failureRate: number
  /** Attempts seen; 0 = nothing is known but the prior. */
  observations: number
}

export interface AttemptObservation {
  failed: boolean
  tokensIn: number
  tokensOut: number
  /** Streams on the node while it ran, itself included. */
  concurrency: number
  /** Dispatch → first token without the round trip; null when there was none. */
  engineTtftMs: number | null
  durationMs: number
}

export interface ReplicaEstimator {
  observe(observation: AttemptObservation, nowMs: number): void
  estimate(): ReplicaEstimate
  /** Milliseconds since the epoch; 0 when closed. */
  breakerOpenUntilMs(): number
}

const FAILURES_TO_OPEN = 5
const BREAKER_MS_MIN = 1_000
const BREAKER_MS_MAX = 30_000
const FAILURE_MEMORY = 32

/** Optimistic prior: a replica that nobody has tried looks good enough to be tried. */
const prior = { baseMs: 5, prefillMsPerToken: 0.05, tpotMs: 5, tpotMsPerStream: 0.5, attemptMs: 500 }

export function createReplicaEstimator(): ReplicaEstimator {
  const ttft = ewLinearFit({ intercept: prior.baseMs, slope: prior.prefillMsPerToken, xScale: 1_000 })
  const tpot = ewLinearFit({ intercept: prior.tpotMs, slope: prior.tpotMsPerStream, xScale: 8 })
  let attemptMs = prior.attemptMs
  let failureRate = 0
  let observations = 0
  let failuresInARow = 0
  let openUntilMs = 0

  return {
    observe(seen, nowMs) {
      observations++
      failureRate += ((seen.failed ? 1 : 0) - failureRate) / FAILURE_MEMORY
      if (seen.failed) {
        failuresInARow++
        if (failuresInARow >= FAILURES_TO_OPEN) {
          const openMs = BREAKER_MS_MIN * 2 ** Math.min(10, failuresInARow - FAILURES_TO_OPEN)
          openUntilMs = nowMs + Math.min(BREAKER_MS_MAX, openMs)
        }
        return
      }
      failuresInARow = 0
      openUntilMs = 0
      if (seen.engineTtftMs === null || !Number.isFinite(seen.durationMs)) return
      ttft.observe(seen.tokensIn, seen.engineTtftMs)
      attemptMs += (Math.max(0, seen.durationMs) - attemptMs) / 16
      if (seen.tokensOut > 1) {
        tpot.observe(seen.concurrency, Math.max(0, seen.durationMs - seen.engineTtftMs) / (seen.tokensOut - 1))
      }
    },
    estimate: () => ({
      baseMs: ttft.intercept(),
      prefillMsPerToken: ttft.slope(),
      tpotMs: tpot.intercept(),
      tpotMsPerStream: tpot.slope(),
      attemptMs,
      failureRate,
      observations,
    }),
    breakerOpenUntilMs: () => openUntilMs,
  }
}
