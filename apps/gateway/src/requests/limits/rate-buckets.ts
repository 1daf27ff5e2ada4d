/**
 * Token buckets that hold one minute of a limit, by name; the idle and full ones are forgotten first.
 *
 * Bounded: 20,000 buckets. A bucket that was forgotten while in use starts full again, which lets a minute's worth
 * through once more.
 */
import type { Clock } from '@isochrone/domain'

export interface RateBucket {
  /** A minute's worth, as the limit says, whatever part of it is this gateway's. */
  readonly limit: number
  /** Whole ones left now. */
  readonly remaining: number
  /** Until it is full, ms. */
  readonly resetMs: number
  /** Until `amount` may be taken, ms; 0 = now. More than a whole minute's worth may be taken from a full bucket. */
  waitMs(amount: number): number
  /**
   * Somebody was told to come back for `amount` after {@link waitMs}. A larger share until then would have more to fill before it is
   * whole: what is more than a whole minute's worth then needs no more than it was told to wait for, once.
   */
  promise(amount: number): void
  /** May leave it in debt. */
  take(amount: number): void
  /** Negative takes more. */
  giveBack(amount: number): void
}

export interface RateBuckets {
  of(name: string, perMinute: number, share: number): RateBucket
}

interface Level {
  left: number
  size: number
  atMs: number
  /** Promised to who wants more than it: as much as it held then, and until when. */
  promised: number
  promisedUntilMs: number
}

const BUCKETS_MAX = 20_000
const MINUTE_MS = 60_000
/** How much later than told one may come back. */
const PROMISE_MS = 10_000

export function createRateBuckets(clock: Clock): RateBuckets {
  const levels = new Map<string, Level>()

  function levelOf(name: string, size: number): Level {
    const nowMs = clock.nowMs()
    let level = levels.get(name)
    if (!level) {
      if (levels.size >= BUCKETS_MAX) forgetFullest(levels, nowMs)
      levels.set(name, (level = { left: size, size, atMs: nowMs, promised: 0, promisedUntilMs: 0 }))
      return level
    }
    level.left = Math.min(size, level.left + (Math.max(0, nowMs - level.atMs) * size) / MINUTE_MS)
    level.size = size
    level.atMs = nowMs
    return level
  }

  return {
    of: (name, perMinute, share) => new Bucket(name, perMinute, perMinute * Math.min(1, Math.max(0, share)), levelOf),
  }
}

/** A class, because each request has several: see `Race` for what a literal with getters costs. */
class Bucket implements RateBucket {
  readonly limit: number
  readonly #name: string
  /** Of it, what this gateway may hand out. */
  readonly #size: number
  readonly #levelOf: (name: string, size: number) => Level

  constructor(name: string, limit: number, size: number, levelOf: (name: string, size: number) => Level) {
    this.limit = limit
    this.#name = name
    this.#size = size
    this.#levelOf = levelOf
  }

  get remaining(): number {
    return Math.max(0, Math.floor(this.#level().left))
  }

  get resetMs(): number {
    return this.#timeOf(this.#size - this.#level().left)
  }

  waitMs(amount: number): number {
    const size = this.#size
    const level = this.#level()
    const isPromised = level.atMs < level.promisedUntilMs && amount > level.promised
    const needed = Math.min(amount, size, isPromised ? level.promised : size)
    return this.#timeOf(Math.max(amount <= 0 || size > 0 ? 0 : 1, needed - level.left))
  }

  promise(amount: number): void {
    const level = this.#level()
    // The first one holds: who was told it comes first.
    if (amount <= this.#size || this.#size <= 0 || level.atMs < level.promisedUntilMs) return
    level.promised = this.#size
    level.promisedUntilMs = level.atMs + this.waitMs(amount) + PROMISE_MS
  }

  take(amount: number): void {
    const level = this.#level()
    level.left -= amount
    if (amount > level.promised) level.promisedUntilMs = 0
  }

  giveBack(amount: number): void {
    const level = this.#level()
    level.left = Math.min(this.#size, level.left + amount)
  }

  #level(): Level {
    return this.#levelOf(this.#name, this.#size)
  }

  #timeOf(amount: number): number {
    if (amount <= 0) return 0
    return this.#size > 0 ? (amount * MINUTE_MS) / this.#size : MINUTE_MS
  }
}

function forgetFullest(levels: Map<string, Level>, nowMs: number): void {
  for (const [name, { left, size, atMs }] of levels) {
    if (left + ((nowMs - atMs) * size) / MINUTE_MS >= size) levels.delete(name)
    if (levels.size < BUCKETS_MAX / 2) return
  }
  for (const name of levels.keys()) {
    if (levels.size < BUCKETS_MAX) return
    levels.delete(name)
  }
}
