/**
 * Time as an argument, so that a seed replays a whole simulated day.
 *
 * Code in domain, scheduler and services never calls `Date.now()` itself.
 */
export interface Clock {
  /** Milliseconds since the Unix epoch. */
  nowMs(): number
}

export interface ManualClock extends Clock {
  /** Moves time forward; time never goes back. */
  advanceMs(deltaMs: number): void
}

export const systemClock: Clock = { nowMs: () => Date.now() }

/** A clock that stands still until it is advanced, for tests and simulations. */
export function manualClock(startMs = 1_700_000_000_000): ManualClock {
  let nowMs = startMs
  return {
    nowMs: () => nowMs,
    advanceMs(deltaMs) {
      if (!(deltaMs >= 0)) throw new RangeError(`A clock does not go back (${deltaMs} ms)`)
      nowMs += deltaMs
    },
  }
}
