/**
 * When a file that is synced for its records may be synced again: at once where little happens, and above {@link BUSY_PER_MS} no sooner than
 * `gatherMs` after the last sync, so that what came meanwhile shares one.
 *
 * A sync costs its process some 50 µs of CPU, its thread and the wake-ups included, which one record of many a millisecond is not worth.
 */

/** Records a millisecond that somebody waits for, above which syncs are spaced. */
const BUSY_PER_MS = 1
/**
 * How fast the measured rate forgets: about the last fifty syncs count. Of five, a few requests that come together by chance look like a
 * rate, and wait for one another.
 */
const RATE_MEMORY = 0.98

export class SyncPace {
  readonly #gatherMs: number
  #lastEndMs = performance.now()
  #waitedFor = 0
  /** From a pause on: a first record is no rate. */
  #ms = 10

  constructor(gatherMs: number) {
    this.#gatherMs = gatherMs
  }

  get isBusy(): boolean {
    return this.#waitedFor / this.#ms > BUSY_PER_MS
  }

  /** Until the next sync may begin, ms; 0 or less: now. */
  get waitMs(): number {
    return this.isBusy ? this.#lastEndMs + this.#gatherMs - performance.now() : 0
  }

  /** A sync is over; `waitedFor`: how many of its records somebody waits for. */
  ended(waitedFor: number): void {
    const nowMs = performance.now()
    this.#waitedFor = RATE_MEMORY * this.#waitedFor + waitedFor
    this.#ms = RATE_MEMORY * this.#ms + (nowMs - this.#lastEndMs)
    this.#lastEndMs = nowMs
  }
}
