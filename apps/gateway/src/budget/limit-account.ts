/**
 * One limit as this lane keeps it: what was leased out of it, what requests have reserved, and the calls that ask for more.
 *
 * What this lane has signed, plus what it may still sign, never exceeds what Redis granted it.
 */
import { AppError } from '@isochrone/domain'
import type { BudgetOptions, Standing } from './budget-types.ts'

/** A lease covers this many requests of the size that asked for it. */
const REQUESTS_PER_LEASE = 32
const IDLE_MS_MAX = 15_000
const REFILL_PAUSE_MS = 250
/** Requests that may wait for a lease of one limit at a time. */
const WAITING_MAX = 4_096
/** Calls that one request makes or joins for its lease. Each covers everybody who waits at its time. */
const LEASE_ATTEMPTS_MAX = 16

const UNKNOWN: Standing = { limitMicroUsd: null, spentMicroUsd: 0n, heldMicroUsd: 0n }

export class LimitAccount<Id extends string> {
  readonly #id: Id
  readonly #options: BudgetOptions<Id>
  /** µUSD that Redis counts for this lane: its spent and its lease together. Null before the first sync. */
  #authorised: bigint | null = null
  /** What Redis counts as spent beyond our journal (a lost volume), found at the first sync: reported along ever after. */
  #unknownSpent = 0n
  #reserved = 0n
  #reportedSpent = -1n
  /** What Redis said last of the whole limit. */
  #standing = UNKNOWN
  /** Of the limit as this lane knew it when it leased. */
  #revision: number
  #usedAtMs: number
  #refillAfterMs = 0
  /** Resolves with whether Redis granted less than was asked for. */
  #inFlight: Promise<boolean> | null = null
  #waiting = 0

  constructor(id: Id, options: BudgetOptions<Id>) {
    this.#id = id
    this.#options = options
    this.#revision = this.#revisionNow()
    this.#usedAtMs = options.nowMs()
  }

  /** What may be reserved now. Between signing and release a request counts twice, which errs to the safe side. */
  get freeMicroUsd(): bigint {
    if (this.#authorised === null) return -1n
    const committed = this.#signedMicroUsd + this.#recoverableMicroUsd + this.#reserved
    return this.#authorised - committed
  }

  /** Resolves when `microUsd` of the lease is reserved. Throws as `Budget.reserve`. */
  async reserve(microUsd: bigint): Promise<void> {
    this.#use()
    if (!this.#take(microUsd)) await this.#leaseFor(microUsd)
    this.#refill(microUsd)
  }

  release(microUsd: bigint): void {
    this.#reserved -= microUsd
  }

  /** See `Budget.requireCover`. */
  async requireCover(microUsd: bigint): Promise<void> {
    this.#use()
    // A price of zero is one that nobody knows yet; an empty channel pays none of them.
    const needed = microUsd > 0n ? microUsd : 1n
    const covered = () => this.#authorised !== null && this.freeMicroUsd + this.#reserved >= needed
    for (let attempt = 0; attempt < 2 && !covered(); attempt++) {
      const joined = this.#inFlight !== null
      try {
        await this.#sync(needed)
      } catch {
        return
      }
      if (!joined) break
    }
    if (!covered()) throw this.#refusal(needed)
  }

  /** Takes up the lease of an earlier run. */
  async resume(): Promise<void> {
    if (this.#authorised === null && !this.#inFlight) await this.#sync(0n)
  }

  /** Reports what was signed, and gives back a lease that lies idle. True where nothing is left to keep. */
  async tick(): Promise<boolean> {
    if (this.#authorised === null || this.#inFlight) return false
    this.#heedRevision()
    const idle = this.#options.nowMs() - this.#usedAtMs > IDLE_MS_MAX
    const free = this.freeMicroUsd
    const givesBack = idle && free > 0n
    if (!givesBack && this.#signedMicroUsd === this.#reportedSpent) return false
    if (givesBack) this.#authorised -= free
    await this.#sync(0n)
    // What may still be billed of an earlier run is given back when that is known.
    const holds = this.#recoverableMicroUsd > 0n
    const inUse = holds || this.#reserved > 0n || this.#waiting > 0 || this.#inFlight !== null
    return idle && !inUse
  }

  /** A receipt's price comes out of what is held for a lease, and not out of what this lane leased. */
  paidElsewhere(priceMicroUsd: bigint): void {
    if (this.#authorised !== null) this.#authorised += priceMicroUsd
  }

  get unknownSpentMicroUsd(): bigint {
    return this.#unknownSpent
  }

  get #signedMicroUsd(): bigint {
    return this.#options.signedMicroUsd(this.#id)
  }

  get #recoverableMicroUsd(): bigint {
    return this.#options.recoverableMicroUsd(this.#id)
  }

  #revisionNow(): number {
    return this.#options.revisionOf?.(this.#id) ?? 0
  }

  #use(): void {
    this.#usedAtMs = this.#options.nowMs()
    this.#heedRevision()
  }

  /**
   * The owner changed the limit: what is idle here was leased under the old one. While a call is under way its answer may be
   * of the old one too, and is looked at again.
   */
  #heedRevision(): void {
    const revision = this.#revisionNow()
    if (revision === this.#revision) return
    const free = this.freeMicroUsd
    if (this.#authorised !== null && free > 0n) this.#authorised -= free
    this.#reportedSpent = -1n
    this.#refillAfterMs = 0
    if (!this.#inFlight) this.#revision = revision
  }

  /** One call at a time for each limit, so that replies apply in order. */
  async #sync(wanted: bigint): Promise<boolean> {
    if (this.#inFlight) return this.#inFlight
    this.#inFlight = this.#ask(wanted)
    try {
      return await this.#inFlight
    } finally {
      this.#inFlight = null
    }
  }

  async #ask(wanted: bigint): Promise<boolean> {
    const spent = this.#signedMicroUsd
    // Before a limit was told nothing can have been leased, by this run or by another.
    const first = this.#authorised === null || this.#standing.limitMicroUsd === null
    this.#authorised ??= spent + this.#recoverableMicroUsd
    // Receipts recovered beyond what was held are spent all the same; they must show.
    if (this.#authorised < spent) this.#authorised = spent
    const held = this.#authorised - spent
    const reported = spent + this.#unknownSpent
    const reply = await this.#options.store.sync(this.#id, { spent: reported, held, wanted })
    this.#standing = reply.standing
    if (first && reply.spent > reported) this.#unknownSpent += reply.spent - reported
    this.#authorised += reply.granted
    if (reply.granted < wanted) this.#refillAfterMs = this.#options.nowMs() + REFILL_PAUSE_MS
    this.#reportedSpent = spent
    return reply.granted < wanted
  }

  /** Asks ahead of need, so that a steady load never waits for Redis. */
  #refill(microUsd: bigint): void {
    if (this.#inFlight || this.#options.nowMs() < this.#refillAfterMs) return
    if (this.freeMicroUsd >= (microUsd * BigInt(REQUESTS_PER_LEASE)) / 4n) return
    this.#sync(microUsd * BigInt(REQUESTS_PER_LEASE)).catch(() => {
      this.#refillAfterMs = this.#options.nowMs() + REFILL_PAUSE_MS
    })
  }

  /** Looks and reserves in one turn: whoever waits for the same lease sees it taken. */
  #take(microUsd: bigint): boolean {
    if (this.freeMicroUsd < microUsd) return false
    this.#reserved += microUsd
    return true
  }

  /** Returns when `microUsd` of the lease is reserved. */
  async #leaseFor(microUsd: bigint): Promise<void> {
    if (this.#waiting >= WAITING_MAX) throw unknownBudget()
    this.#waiting++
    try {
      // A call that others started, or whose whole grant others were quicker to take, says nothing of the limit.
      for (let attempt = 0; attempt < LEASE_ATTEMPTS_MAX; attempt++) {
        const joined = this.#inFlight !== null
        // A lease for everybody who waits, so that the rounds above suffice for any burst.
        const requests = BigInt(Math.max(REQUESTS_PER_LEASE, this.#waiting))
        const isShort = await this.#sync(microUsd * requests)
        if (this.#take(microUsd)) return
        if (!joined && isShort) throw this.#refusal(microUsd)
      }
    } catch (cause) {
      if (cause instanceof AppError) throw cause
      if (this.#take(microUsd)) return
      throw unknownBudget(cause)
    } finally {
      this.#waiting--
    }
    throw unknownBudget()
  }

  #refusal(microUsd: bigint): AppError {
    return this.#options.refusal?.(this.#id, microUsd, this.#standing) ?? tooDear(this.#id, microUsd)
  }
}

function tooDear(id: string, microUsd: bigint): AppError {
  return new AppError('insufficient_balance', {
    publicMessage:
      'This request could cost more than the balance and spending limit leave. Add funds or raise the limit.',
    details: { channelId: id, wantedMicroUsd: microUsd.toString() },
  })
}

/** Redis does not answer, or has been told of no limit yet: waiting helps. */
export function unknownBudget(cause?: unknown): AppError {
  return new AppError('capacity_unavailable', {
    publicMessage: 'The balance cannot be checked at this moment. Try again shortly.',
    retryAfterS: 2,
    cause,
  })
}
