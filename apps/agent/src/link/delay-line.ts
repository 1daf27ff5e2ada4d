/**
 * A seeded delay for one direction of a link, for demos on one machine: loopback has no distance.
 *
 * Items keep their order, as on a TCP connection: a late one holds up those behind it. What runs through this is
 * labelled "simulated network" in the hello, so that nobody takes the delay for a measurement.
 */
import type { Prng } from '@isochrone/domain'

export type DelayOptions = {
  readonly rttMs: number
  /** Standard deviation of a round trip; each direction gets half. */
  readonly jitterMs: number
  readonly prng: Prng
}

export class DelayLine<Item> {
  readonly #deliver: (item: Item) => void
  readonly #options: DelayOptions
  readonly #timers = new Set<NodeJS.Timeout>()
  #lastDueMs = 0

  constructor(options: DelayOptions, deliver: (item: Item) => void) {
    this.#options = options
    this.#deliver = deliver
  }

  push(item: Item): void {
    const now = performance.now()
    const { rttMs, jitterMs, prng } = this.#options
    // Sum of four uniforms: close to normal, and never below the floor that light sets.
    const spread = (prng.unit() + prng.unit() + prng.unit() + prng.unit() - 2) * Math.sqrt(3)
    const delayMs = rttMs / 2 + Math.max(0, (jitterMs / 2) * spread)
    this.#lastDueMs = Math.max(this.#lastDueMs, now + delayMs)
    const timer = setTimeout(() => {
      this.#timers.delete(timer)
      this.#deliver(item)
    }, this.#lastDueMs - now)
    this.#timers.add(timer)
  }

  /** Drops what is still under way. */
  clear(): void {
    for (const timer of this.#timers) clearTimeout(timer)
    this.#timers.clear()
  }
}
