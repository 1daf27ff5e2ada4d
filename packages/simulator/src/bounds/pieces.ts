/**
 * What a request costs at least, tolls for engine time included, when it is served in two pieces or more.
 *
 * By `step-weights.ts` a stream that is late on one replica takes less time there, by its pace, and must be early
 * elsewhere, where that takes more. With a share f of its tokens late where that costs least and the others early where
 * that costs least, the sum is linear in f for any two replicas: so it is least at f = 0, which is no gain, or at the
 * greatest f that there is, which lies between `lateShares`. More pieces are a mixture of such pairs.
 *
 * Each piece pays the whole prompt, so the request pays it once more than its share at least; and what was answered before
 * is of the prompt of the next, so the last one pays for all tokens but its own: min(f, 1 − f) of them at least, which up to
 * the greatest f is at least f · min(1, (1 − f)/f) at that. What its first token takes
 * less than the others is counted for one token, and the toll on its prompt for none where the prompt alone is due inside
 * a stretch.
 */
export interface PiecesDemand {
  /** Of a request's ms on each replica what hangs on the TPOT SLO: what a piece that is late does without. */
  paceMs: readonly Float64Array[]
  /** Least and greatest share of its tokens that a stream can be late with, over all replicas. */
  lateShares: readonly [number, number]
  /** Least ÷ greatest over all replicas of the time that a late token must be made up for (`earlyMs`). */
  evenness: number
}

/**
 * One request at a time: `begin`, `add` for each replica, `usd`.
 *
 * @param inUsd least price of a prompt token that no cache holds
 */
export function leastInPieces({ paceMs, lateShares, evenness }: PiecesDemand, inUsd: number) {
  const [low, high] = lateShares
  const answeredUsd = inUsd * Math.min(1, (1 - high) / Math.max(high, 1e-9))
  let [request, tokens, late, earlyLow, earlyHigh, again, pace, lost] = [0, 0, 0, 0, 0, 0, 0, 0]
  return {
    begin(at: number, tokensOut: number): void {
      ;[request, tokens] = [at, tokensOut]
      late = earlyLow = earlyHigh = again = Infinity
      pace = lost = 0
    },
    /** @param full what the request costs there whole, USD, `promptUsd` and `promptToll` of it for the prompt */
    add(replica: number, full: number, toll: number, promptUsd: number, promptToll: number): void {
      const ofPace = toll * ((paceMs[replica] as Float64Array)[request] as number)
      late = Math.min(late, full - ofPace)
      earlyLow = Math.min(earlyLow, (1 - low) * full + low * evenness * ofPace)
      earlyHigh = Math.min(earlyHigh, (1 - high) * full + high * evenness * ofPace)
      again = Math.min(again, promptUsd)
      pace = Math.max(pace, ofPace)
      lost = Math.max(lost, promptToll)
    },
    /** Infinity for one token, which has no pieces. */
    usd(): number {
      if (tokens < 2) return Infinity
      const lateUsd = late + tokens * answeredUsd
      return Math.min(low * lateUsd + earlyLow, high * lateUsd + earlyHigh) + again - pace / (tokens - 1) - lost
    },
  }
}
