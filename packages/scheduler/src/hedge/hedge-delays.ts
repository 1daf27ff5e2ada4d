/**
 * When a silent attempt is late enough for a hedge: the learned 95th percentile of its TTFT, given what was predicted.
 *
 * What is learned is the quantile of observed ÷ predicted on a log scale, for each replica and for all together, by
 * stochastic approximation (Robbins and Monro, 1951): one number each, no samples kept. A replica with few attempts
 * leans on the quantile of all.
 */
export interface HedgeDelays {
  /** ms from dispatch after which a hedge may start. */
  afterMs(slot: number, predictedTtftMs: number): number
  /** An attempt's TTFT, ms from dispatch; `Infinity` when it was given up before its first token. */
  observed(slot: number, predictedTtftMs: number, attemptTtftMs: number): void
  /** The slot belongs to another replica now. */
  forget(slot: number): void
}

export interface HedgeDelaysOptions {
  quantile?: number | undefined
  /** Shortest and longest delay, ms: below the first a hedge costs more than it saves, after the second all have waited. */
  msMin?: number | undefined
  msMax?: number | undefined
}

/** Observed ÷ predicted at first: twice the prediction is late. */
const LOG_RATIO_AT_FIRST = Math.log(2)
const LOG_RATIO_MAX = Math.log(100)
/** Attempts after which a replica's own quantile counts as much as that of all. */
const OWN_ATTEMPTS = 40
const STEP_MIN = 0.02

export function createHedgeDelays(options: HedgeDelaysOptions = {}): HedgeDelays {
  const { quantile = 0.95, msMin = 50, msMax = 30_000 } = options
  let own = new Float64Array(64)
  let attempts = new Float64Array(64)
  let ofAll = LOG_RATIO_AT_FIRST
  let attemptsOfAll = 0

  /** Up by the quantile's odds when above, down when below: at rest where 5 % are above. */
  function moved(current: number, seen: number, count: number): number {
    const step = Math.max(STEP_MIN, 1 / Math.sqrt(count + 1))
    const next = current + step * (seen > current ? quantile : quantile - 1)
    return Math.min(LOG_RATIO_MAX, Math.max(-LOG_RATIO_MAX, next))
  }

  return {
    afterMs(slot, predictedTtftMs) {
      if (!(predictedTtftMs > 0)) return msMax
      const count = attempts[slot] ?? 0
      const weight = count / (count + OWN_ATTEMPTS)
      const logRatio = weight * (own[slot] ?? 0) + (1 - weight) * ofAll
      return Math.min(msMax, Math.max(msMin, predictedTtftMs * Math.exp(logRatio)))
    },
    observed(slot, predictedTtftMs, attemptTtftMs) {
      const seen = Math.log(attemptTtftMs / predictedTtftMs)
      if (Number.isNaN(seen) || !Number.isSafeInteger(slot) || slot < 0) return
      if (slot >= own.length) {
        own = larger(own, slot)
        attempts = larger(attempts, slot)
      }
      const count = attempts[slot] as number
      own[slot] = moved(count === 0 ? ofAll : (own[slot] as number), seen, count)
      attempts[slot] = count + 1
      ofAll = moved(ofAll, seen, attemptsOfAll)
      attemptsOfAll++
    },
    forget(slot) {
      if (slot >= 0 && slot < attempts.length) attempts[slot] = 0
    },
  }
}

function larger(array: Float64Array, index: number): Float64Array<ArrayBuffer> {
  const next = new Float64Array(Math.max(index + 1, array.length * 2))
  next.set(array)
  return next
}
