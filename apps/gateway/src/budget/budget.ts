/**
 * Spending limits without a round trip for each request: budget is leased in pieces out of a limit, and requests reserve
 * their worst case out of the lease. What is limited is a channel, or an API key in one period (`key-budgets.ts`).
 *
 * Overspend is zero: what this lane has signed, plus what it may still sign, never exceeds what Redis granted it.
 * Without Redis, requests are served from the lease that is held, and refused (503) beyond it.
 */
import { AppError, invariant } from '@isochrone/domain'
import type { Hex } from '@isochrone/protocol'

/** One call of the budget script. Rejects when Redis does not answer. */
export interface BudgetStore<Id extends string = Hex> {
  /** µUSD. Resolves with what was granted on top of `held`, and what Redis has now. */
  sync(id: Id, report: { spent: bigint; held: bigint; wanted: bigint }): Promise<Granted>
  /** What is spent, and what a lease was billed of it and so no longer holds: both at once, and neither ever falls back. */
  payFromLease(id: Id, paid: LeaseSums & { spent: bigint }): Promise<void>
}

/** Of a lease, over its life, µUSD: what was agreed, and what it was billed. */
export interface LeaseSums {
  leaseId: string
  reservedMicroUsd: bigint
  billedMicroUsd: bigint
}

export interface Granted {
  granted: bigint
  /** The lane's own, as Redis counts it. */
  spent: bigint
  standing: Standing
}

/** Of all lanes together, as they told last. */
export interface Standing {
  /** Null: nobody has said what the limit is. */
  limitMicroUsd: bigint | null
  spentMicroUsd: bigint
  /** Leased to gateways: for requests under way, and idle for some seconds more. */
  heldMicroUsd: bigint
}

export interface BudgetOptions<Id extends string = Hex> {
  store: BudgetStore<Id>
  /** µUSD that this lane has signed for it, lifetime. */
  signedMicroUsd(id: Id): bigint
  /** µUSD that intents of an earlier run may still be billed: reserved until their receipts are reconciled. */
  recoverableMicroUsd(id: Id): bigint
  /** Another one whenever the limit was changed by its owner: what lies idle here is given back then, and asked for anew. */
  revisionOf?(id: Id): number
  /** What is told to whoever asks for more than there is. */
  refusal?: (id: Id, microUsd: bigint, standing: Standing) => AppError
  nowMs(): number
}

export interface Reservation {
  readonly microUsd: bigint
  /** Frees the reservation, once, after the lane has signed what it became. Later calls do nothing. */
  release(): void
}

export interface Budget<Id extends string = Hex> {
  /** Throws `insufficient_balance` when the limit does not cover it, `capacity_unavailable` when nobody can say. */
  reserve(id: Id, microUsd: bigint): Promise<Reservation>
  /**
   * Throws `insufficient_balance` when the limit could not cover it even after every request under way here ended for
   * nothing. Reserves nothing. Resolves when nobody can say: work that waits is judged again when it runs.
   */
  requireCover(id: Id, microUsd: bigint): Promise<void>
  /**
   * Takes up the leases of an earlier run: what it left unused is free again, and what may still be billed stays held
   * until that is known. Nobody else would ever give them back. Rejects when Redis does not answer; safe to repeat.
   */
  resume(ids: readonly Id[]): Promise<void>
  /** Reports what was signed and gives back leases that lie idle. Call each second. */
  tick(): Promise<void>
  /**
   * A lease's receipt was signed a moment ago: its price comes out of what is held for the lease, not out of what this
   * lane leased. Call it in the turn of the signature. Resolves when Redis counts it so; should it reject, the money
   * stays held twice until the next receipt, or until the lease ends.
   */
  paidFromLease(id: Id, paid: LeaseSums & { priceMicroUsd: bigint }): Promise<void>
  /** µUSD held and not reserved, over all limits. */
  idleMicroUsd(): bigint
}

interface Account {
  /** µUSD that Redis counts for this lane: its spent and its lease together. Null before the first sync. */
  authorised: bigint | null
  /** What Redis counts as spent beyond our journal (a lost volume), found at the first sync: reported along ever after. */
  unknownSpent: bigint
  reserved: bigint
  reportedSpent: bigint
  /** What Redis said last of the whole limit. */
  standing: Standing
  /** Of the limit as this lane knew it when it leased. */
  revision: number
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
/** Requests that may wait for a lease of one limit at a time. */
const WAITING_MAX = 4_096
/** Calls that one request makes or joins for its lease. Each covers everybody who waits at its time. */
const LEASE_ATTEMPTS_MAX = 16

const UNKNOWN: Standing = { limitMicroUsd: null, spentMicroUsd: 0n, heldMicroUsd: 0n }

/** A keeper of limits of one kind for one lane. */
export function createBudget<Id extends string = Hex>(options: BudgetOptions<Id>): Budget<Id> {
  const accounts = new Map<Id, Account>()
  const refusal = options.refusal ?? tooDear
  const revisionOf = (id: Id): number => options.revisionOf?.(id) ?? 0

  const accountOf = (id: Id): Account => {
    let account = accounts.get(id)
    if (!account) {
      account = {
        authorised: null,
        unknownSpent: 0n,
        reserved: 0n,
        reportedSpent: -1n,
        standing: UNKNOWN,
        revision: revisionOf(id),
        usedAtMs: options.nowMs(),
        refillAfterMs: 0,
        inFlight: null,
        waiting: 0,
      }
      accounts.set(id, account)
    }
    return account
  }

  /** What may be reserved now. Between signing and release a request counts twice, which errs to the safe side. */
  const freeOf = (id: Id, account: Account): bigint => {
    if (account.authorised === null) return -1n
    const committed = options.signedMicroUsd(id) + options.recoverableMicroUsd(id) + account.reserved
    return account.authorised - committed
  }

  /**
   * The owner changed the limit: what is idle here was leased under the old one. While a call is under way its answer may be
   * of the old one too, and is looked at again.
   */
  function heedRevision(id: Id, account: Account): void {
    const revision = revisionOf(id)
    if (revision === account.revision) return
    const free = freeOf(id, account)
    if (account.authorised !== null && free > 0n) account.authorised -= free
    account.reportedSpent = -1n
    account.refillAfterMs = 0
    if (!account.inFlight) account.revision = revision
  }

  /** One call at a time for each limit, so that replies apply in order. */
  async function sync(id: Id, account: Account, wanted: bigint): Promise<boolean> {
    if (account.inFlight) return account.inFlight
    account.inFlight = (async () => {
      const spent = options.signedMicroUsd(id)
      // Before a limit was told nothing can have been leased, by this run or by another.
      const first = account.authorised === null || account.standing.limitMicroUsd === null
      account.authorised ??= spent + options.recoverableMicroUsd(id)
      // Receipts recovered beyond what was held are spent all the same; they must show.
      if (account.authorised < spent) account.authorised = spent
      const held = account.authorised - spent
      const reported = spent + account.unknownSpent
      const reply = await options.store.sync(id, { spent: reported, held, wanted })
      account.standing = reply.standing
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

  async function reserve(id: Id, microUsd: bigint): Promise<Reservation> {
    invariant(microUsd >= 0n, 'a reservation is not negative')
    const account = accountOf(id)
    account.usedAtMs = options.nowMs()
    heedRevision(id, account)
    if (!take(id, account, microUsd)) await leaseFor(id, account, microUsd)
    refill(id, account, microUsd)
    let open = true
    return {
      microUsd,
      release() {
        if (!open) return
        open = false
        account.reserved -= microUsd
      },
    }
  }

  /** Asks ahead of need, so that a steady load never waits for Redis. */
  function refill(id: Id, account: Account, microUsd: bigint): void {
    if (account.inFlight || options.nowMs() < account.refillAfterMs) return
    if (freeOf(id, account) >= (microUsd * BigInt(REQUESTS_PER_LEASE)) / 4n) return
    sync(id, account, microUsd * BigInt(REQUESTS_PER_LEASE)).catch(() => {
      account.refillAfterMs = options.nowMs() + REFILL_PAUSE_MS
    })
  }

  /** Looks and reserves in one turn: whoever waits for the same lease sees it taken. */
  function take(id: Id, account: Account, microUsd: bigint): boolean {
    if (freeOf(id, account) < microUsd) return false
    account.reserved += microUsd
    return true
  }

  /** Returns when `microUsd` of the lease is reserved. */
  async function leaseFor(id: Id, account: Account, microUsd: bigint): Promise<void> {
    if (account.waiting >= WAITING_MAX) throw unknownBudget()
    account.waiting++
    try {
      // A call that others started, or whose whole grant others were quicker to take, says nothing of the limit.
      for (let attempt = 0; attempt < LEASE_ATTEMPTS_MAX; attempt++) {
        const joined = account.inFlight !== null
        // A lease for everybody who waits, so that the rounds above suffice for any burst.
        const requests = BigInt(Math.max(REQUESTS_PER_LEASE, account.waiting))
        const isShort = await sync(id, account, microUsd * requests)
        if (take(id, account, microUsd)) return
        if (!joined && isShort) throw refusal(id, microUsd, account.standing)
      }
    } catch (cause) {
      if (cause instanceof AppError) throw cause
      if (take(id, account, microUsd)) return
      throw unknownBudget(cause)
    } finally {
      account.waiting--
    }
    throw unknownBudget()
  }

  async function requireCover(id: Id, microUsd: bigint): Promise<void> {
    const account = accountOf(id)
    account.usedAtMs = options.nowMs()
    heedRevision(id, account)
    // A price of zero is one that nobody knows yet; an empty channel pays none of them.
    const needed = microUsd > 0n ? microUsd : 1n
    const covered = () => account.authorised !== null && freeOf(id, account) + account.reserved >= needed
    for (let attempt = 0; attempt < 2 && !covered(); attempt++) {
      const joined = account.inFlight !== null
      try {
        await sync(id, account, needed)
      } catch {
        return
      }
      if (!joined) break
    }
    if (!covered()) throw refusal(id, needed, account.standing)
  }

  async function tick(): Promise<void> {
    for (const [id, account] of accounts) {
      if (account.authorised === null || account.inFlight) continue
      heedRevision(id, account)
      const spent = options.signedMicroUsd(id)
      const idle = options.nowMs() - account.usedAtMs > IDLE_MS_MAX
      const free = freeOf(id, account)
      const givesBack = idle && free > 0n
      if (!givesBack && spent === account.reportedSpent) continue
      if (givesBack) account.authorised -= free
      await sync(id, account, 0n)
      // What may still be billed of an earlier run is given back when that is known.
      const holds = options.recoverableMicroUsd(id) > 0n
      const inUse = holds || account.reserved > 0n || account.waiting > 0 || account.inFlight !== null
      if (idle && !inUse) accounts.delete(id)
    }
  }

  async function resume(ids: readonly Id[]): Promise<void> {
    for (const id of ids) {
      const account = accountOf(id)
      if (account.authorised === null && !account.inFlight) await sync(id, account, 0n)
    }
  }

  return {
    reserve,
    requireCover,
    resume,
    tick,
    async paidFromLease(id, { priceMicroUsd, ...sums }) {
      const account = accounts.get(id)
      if (account && account.authorised !== null) account.authorised += priceMicroUsd
      const spent = options.signedMicroUsd(id) + (account?.unknownSpent ?? 0n)
      await options.store.payFromLease(id, { ...sums, spent })
    },
    idleMicroUsd() {
      let sum = 0n
      for (const [id, account] of accounts) {
        const free = freeOf(id, account)
        if (free > 0n) sum += free
      }
      return sum
    },
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
