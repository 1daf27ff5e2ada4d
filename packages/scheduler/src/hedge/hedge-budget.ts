/**
 * How many second attempts may run: a share of the requests, so that hedging can never double the load of a slow fleet.
 *
 * A token bucket over requests and not over time (Dean and Barroso, "The Tail at Scale", 2013, hedge at most a few per
 * cent): a quiet gateway saves up no more than a short burst.
 */
import { invariant } from '@isochrone/domain'

export interface HedgeBudget {
  /** A request arrived: it earns its share of a hedge. */
  earn(): void
  /** True when a hedge may start now; it is then spent. */
  take(): boolean
  /** Hedges that may start now. */
  readonly available: number
}

export interface HedgeBudgetOptions {
  /** Hedges for each request, 0 to 1. */
  share?: number | undefined
  /** Hedges that may start at once after a quiet time. */
  burst?: number | undefined
}

/** Parts of a hedge: counted in whole numbers, so that a million requests earn exactly their share. */
const PARTS = 1_000_000

export function createHedgeBudget({ share = 0.05, burst = 10 }: HedgeBudgetOptions = {}): HedgeBudget {
  invariant(share >= 0 && share <= 1 && burst >= 0, 'a hedge share is 0 to 1')
  const earned = Math.floor(share * PARTS)
  let parts = 0
  return {
    earn() {
      parts = Math.min(burst * PARTS, parts + earned)
    },
    take() {
      if (parts < PARTS) return false
      parts -= PARTS
      return true
    },
    get available() {
      return Math.floor(parts / PARTS)
    },
  }
}
