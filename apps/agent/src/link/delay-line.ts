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
  readonly #travelling: { readonly item: Item; readonly dueMs: number }[] = []
  #timer: NodeJS.Timeout | undefined
  #lastDueMs = 0

  constructor(options: DelayOptions, deliver: (item: Item) => void) {
    this.#options = options
    this.#deliver = deliver
  }

  push(item: Item): void {
    const { rttMs, jitterMs, prng } = this.#options
    // Sum of four uniforms: close to normal, and never below the floor that light sets.
    const spread = (prng.unit() + prng.unit() + prng.unit() + prng.unit() - 2) * Math.sqrt(3)
    const delayMs = rttMs / 2 + Math.max(0, (jitterMs / 2) * spread)
    this.#lastDueMs = Math.max(this.#lastDueMs, performance.now() + delayMs)
    this.#travelling.push({ item, dueMs: this.#lastDueMs })
    this.#timer ??= this.#wait()
  }

  /** Drops what is still under way. */
  clear(): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
    this.#travelling.length = 0
  }

  /** One timer for the head of the line: timers of their own would fire out of order within a millisecond. */
  #wait(): NodeJS.Timeout | undefined {
    const [head] = this.#travelling
    if (!head) return undefined
    return setTimeout(
      () => {
        this.#arrive()
        this.#timer = this.#wait()
      },
      Math.max(0, Math.ceil(head.dueMs - performance.now())),
    )
  }

  #arrive(): void {
    const nowMs = performance.now()
    const due = this.#travelling.findIndex(({ dueMs }) => dueMs > nowMs)
    for (const { item } of this.#travelling.splice(0, due < 0 ? this.#travelling.length : due)) this.#deliver(item)
  }
}
