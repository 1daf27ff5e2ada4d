/**
 * Spending limits without a round trip for each request: budget is leased in pieces out of the channel's limit, and
 * requests reserve their worst case out of the lease.
 *
 * Overspend is zero: what this lane has signed, plus what it may still sign, never exceeds what Redis granted it.
 * Without Redis, requests are served from the lease that is held, and refused (503) beyond it.
 */
import { AppError, invariant } from '@isochrone/domain'
import type { Hex } from '@isochrone/protocol'

/** One call of the budget script. Rejects when Redis does not answer. */
export interface BudgetStore {
  /** µUSD. Resolves with what was granted on top of `held`, and the lane's spent as Redis now has it. */
  sync(
    channelId: Hex,
    report: { spent: bigint; held: bigint; wanted: bigint },
  ): Promise<{ granted: bigint; spent: bigint }>
  /** What is spent, and what stays held for a lease that a part of it was paid from: both at once, and neither ever grows back. */
  payFromLease(channelId: Hex, paid: { leaseId: string; spent: bigint; left: bigint }): Promise<void>
}

export interface BudgetOptions {
  store: BudgetStore
  /** µUSD that this lane has signed for the channel, lifetime. */
  signedMicroUsd(channelId: Hex): bigint
  /** µUSD that intents of an earlier run may still be billed: reserved until their receipts are reconciled. */
  recoverableMicroUsd(channelId: Hex): bigint
  nowMs(): number
}

export interface Reservation {
  readonly channelId: Hex
  readonly microUsd: bigint
  /** Frees the reservation, once, after the lane has signed what it became. Later calls do nothing. */
  release(): void
}

export interface Budget {
  /** Throws `insufficient_balance` when the channel cannot cover it, `capacity_unavailable` when nobody can say. */
  reserve(channelId: Hex, microUsd: bigint): Promise<Reservation>
  /**
   * Throws `insufficient_balance` when the channel could not cover it even after every request under way here ended for
   * nothing. Reserves nothing. Resolves when nobody can say: work that waits is judged again when it runs.
   */
  requireCover(channelId: Hex, microUsd: bigint): Promise<void>
  /**
   * Takes up the leases of an earlier run: what it left unused is free again, and what may still be billed stays held
   * until that is known. Nobody else would ever give them back. Rejects when Redis does not answer; safe to repeat.
   */
  resume(channelIds: readonly Hex[]): Promise<void>
  /** Reports what was signed and gives back leases that lie idle. Call each second. */
  tick(): Promise<void>
  /**
   * A lease's receipt was signed a moment ago: its price comes out of what is held for the lease, not out of what this
   * lane leased. Call it in the turn of the signature. Resolves when Redis counts it so; should it reject, the money
   * stays held twice until the next receipt, or until the lease ends.
   */
  paidFromLease(channelId: Hex, paid: { leaseId: string; priceMicroUsd: bigint; leftMicroUsd: bigint }): Promise<void>
  /** µUSD held and not reserved, over all channels. */
  idleMicroUsd(): bigint
}

interface Account {
  /** µUSD that Redis counts for this lane: its spent and its lease together. Null before the first sync. */
  authorised: bigint | null
  /** What Redis counts as spent beyond our journal (a lost volume), found at the first sync: reported along ever after. */
  unknownSpent: bigint
  reserved: bigint
  reportedSpent: bigint
  usedAtMs: number
  refillAfterMs: number
  /** Resolves with whether Redis granted less than was asked for. */
  inFlight: Promise<boolean> | null
  waiting: number
}

/** A lease covers this many requests of the size that asked for it. */
const REQUESTS_PER_LEASE = 32
const IDLE_MS_MAX = 15_000
const REFILL_PAUSE_MS = 250
/** Requests that may wait for a lease of one channel at a time. */
const WAITING_MAX = 4_096
/** Calls that one request makes or joins for its lease. Each covers everybody who waits at its time. */
const LEASE_ATTEMPTS_MAX = 16

/** A budget keeper for one lane. */
export function createBudget(options: BudgetOptions): Budget {
  const accounts = new Map<Hex, Account>()

  const accountOf = (channelId: Hex): Account => {
    let account = accounts.get(channelId)
    if (!account) {
      account = {
        authorised: null,
        unknownSpent: 0n,
        reserved: 0n,
        reportedSpent: -1n,
        usedAtMs: options.nowMs(),
        refillAfterMs: 0,
        inFlight: null,
        waiting: 0,
      }
      accounts.set(channelId, account)
    }
    return account
  }

  /** What may be reserved now. Between signing and release a request counts twice, which errs to the safe side. */
  const freeOf = (channelId: Hex, account: Account): bigint => {
    if (account.authorised === null) return -1n
    const committed = options.signedMicroUsd(channelId) + options.recoverableMicroUsd(channelId) + account.reserved
    return account.authorised - committed
  }

  /** One call at a time for each channel, so that replies apply in order. */
  async function sync(channelId: Hex, account: Account, wanted: bigint): Promise<boolean> {
    if (account.inFlight) return account.inFlight
    account.inFlight = (async () => {
      const spent = options.signedMicroUsd(channelId)
      const first = account.authorised === null
      account.authorised ??= spent + options.recoverableMicroUsd(channelId)
      // Receipts recovered beyond what was held are spent all the same; they must show.
      if (account.authorised < spent) account.authorised = spent
      const held = account.authorised - spent
      const reported = spent + account.unknownSpent
      const reply = await options.store.sync(channelId, { spent: reported, held, wanted })
      if (first && reply.spent > reported) account.unknownSpent += reply.spent - reported
      account.authorised += reply.granted
      if (reply.granted < wanted) account.refillAfterMs = options.nowMs() + REFILL_PAUSE_MS
      account.reportedSpent = spent
      return reply.granted < wanted
    })()
    try {
      return await account.inFlight
    } finally {
      account.inFlight = null
    }
  }

  async function reserve(channelId: Hex, microUsd: bigint): Promise<Reservation> {
    invariant(microUsd >= 0n, 'a reservation is not negative')
    const account = accountOf(channelId)
    account.usedAtMs = options.nowMs()
    if (!take(channelId, account, microUsd)) await leaseFor(channelId, account, microUsd)
    refill(channelId, account, microUsd)
    let open = true
    return {
      channelId,
      microUsd,
      release() {
        if (!open) return
        open = false
        account.reserved -= microUsd
      },
    }
  }

  /** Asks ahead of need, so that a steady load never waits for Redis. */
  function refill(channelId: Hex, account: Account, microUsd: bigint): void {
    if (account.inFlight || options.nowMs() < account.refillAfterMs) return
    if (freeOf(channelId, account) >= (microUsd * BigInt(REQUESTS_PER_LEASE)) / 4n) return
    sync(channelId, account, microUsd * BigInt(REQUESTS_PER_LEASE)).catch(() => {
      account.refillAfterMs = options.nowMs() + REFILL_PAUSE_MS
    })
  }

  /** Looks and reserves in one turn: whoever waits for the same lease sees it taken. */
  function take(channelId: Hex, account: Account, microUsd: bigint): boolean {
    if (freeOf(channelId, account) < microUsd) return false
    account.reserved += microUsd
    return true
  }

  /** Returns when `microUsd` of the lease is reserved. */
  async function leaseFor(channelId: Hex, account: Account, microUsd: bigint): Promise<void> {
    if (account.waiting >= WAITING_MAX) throw unknownBudget(undefined)
    account.waiting++
    try {
      // A call that others started, or whose whole grant others were quicker to take, says nothing of the limit.
      for (let attempt = 0; attempt < LEASE_ATTEMPTS_MAX; attempt++) {
        const joined = account.inFlight !== null
        // A lease for everybody who waits, so that the rounds above suffice for any burst.
        const requests = BigInt(Math.max(REQUESTS_PER_LEASE, account.waiting))
        const isShort = await sync(channelId, account, microUsd * requests)
        if (take(channelId, account, microUsd)) return
        if (!joined && isShort) throw tooDear(channelId, microUsd)
      }
    } catch (cause) {
      if (cause instanceof AppError) throw cause
      if (take(channelId, account, microUsd)) return
      throw unknownBudget(cause)
    } finally {
      account.waiting--
    }
    throw unknownBudget(undefined)
  }

  async function requireCover(channelId: Hex, microUsd: bigint): Promise<void> {
    const account = accountOf(channelId)
    account.usedAtMs = options.nowMs()
    // A price of zero is one that nobody knows yet; an empty channel pays none of them.
    const needed = microUsd > 0n ? microUsd : 1n
    const covered = () => account.authorised !== null && freeOf(channelId, account) + account.reserved >= needed
    for (let attempt = 0; attempt < 2 && !covered(); attempt++) {
      const joined = account.inFlight !== null
      try {
        await sync(channelId, account, needed)
      } catch {
        return
      }
      if (!joined) break
    }
    if (!covered()) throw tooDear(channelId, needed)
  }

  async function tick(): Promise<void> {
    for (const [channelId, account] of accounts) {
      if (account.authorised === null || account.inFlight) continue
      const spent = options.signedMicroUsd(channelId)
      const idle = options.nowMs() - account.usedAtMs > IDLE_MS_MAX
      const free = freeOf(channelId, account)
      const givesBack = idle && free > 0n
      if (!givesBack && spent === account.reportedSpent) continue
      if (givesBack) account.authorised -= free
      await sync(channelId, account, 0n)
      // What may still be billed of an earlier run is given back when that is known.
      const holds = options.recoverableMicroUsd(channelId) > 0n
      const inUse = holds || account.reserved > 0n || account.waiting > 0 || account.inFlight !== null
      if (idle && !inUse) accounts.delete(channelId)
    }
  }

  async function resume(channelIds: readonly Hex[]): Promise<void> {
    for (const channelId of channelIds) {
      const account = accountOf(channelId)
      if (account.authorised === null && !account.inFlight) await sync(channelId, account, 0n)
    }
  }

  return {
    reserve,
    requireCover,
    resume,
    tick,
    async paidFromLease(channelId, { leaseId, priceMicroUsd, leftMicroUsd }) {
      const account = accounts.get(channelId)
      if (account && account.authorised !== null) account.authorised += priceMicroUsd
      const spent = options.signedMicroUsd(channelId) + (account?.unknownSpent ?? 0n)
      await options.store.payFromLease(channelId, { leaseId, spent, left: leftMicroUsd })
    },
    idleMicroUsd() {
      let sum = 0n
      for (const [channelId, account] of accounts) {
        const free = freeOf(channelId, account)
        if (free > 0n) sum += free
      }
      return sum
    },
  }
}

function tooDear(channelId: Hex, microUsd: bigint): AppError {
  return new AppError('insufficient_balance', {
    publicMessage:
      'This request could cost more than the balance and spending limit leave. Add funds or raise the limit.',
    details: { channelId, wantedMicroUsd: microUsd.toString() },
  })
}

function unknownBudget(cause: unknown): AppError {
  return new AppError('capacity_unavailable', {
    publicMessage: 'The balance cannot be checked at this moment. Try again shortly.',
    retryAfterS: 2,
    cause,
  })
}
