/**
 * The replicas of one model as one gateway knows them: offers, load, estimates and breakers in typed arrays.
 *
 * Everything a decision needs is worked out when something changes, so that a decision only reads. Callers use the
 * methods; the fields are for `decide`. Broken numbers in a report or an outcome are ignored: they may cost a replica a
 * place, never remove a pool.
 */
import { invariant } from '@isochrone/domain'
import { defaultTuning, type Tuning } from '../decide/constants.ts'
import { DecisionScratch } from '../decide/scratch.ts'
import { breakerFailure, breakerSuccess, breakerTrial, breakerTrialCancelled } from '../estimate/breaker.ts'
import { capRefused, capSucceeded } from '../estimate/learned-cap.ts'
import { hearPace, observePace, relaxPace } from '../estimate/pace.ts'
import { applyFit, fadeFit, observeAttempt, resetFit } from '../estimate/replica-fit.ts'
import type { RecentPace } from '../move/stream-watch.ts'
import type { AttemptOutcome, AttemptWork, ReplicaOffer, ReplicaReport } from '../offer.ts'
import type { RoutingPolicy } from '../placement.ts'
import { createPrefixIndex, type PrefixIndex } from '../prefix/prefix-index.ts'
import { CellIndex } from './cell-index.ts'
import * as col from './columns.ts'
import { CompiledPolicy } from './compiled-policy.ts'
import { DepartedReplicas } from './departed.ts'
import { ExcludedNamesCache, type ExcludedNames } from './excluded-names.ts'
import { PolicyCache } from './policy-cache.ts'
import { ReportOrder } from './report-order.ts'
import { SlotTimers } from './timers.ts'
import { usableOr } from './usable.ts'

export interface ReplicaPoolOptions {
  /** State older than this is a second choice, ms. Default 5,000. */
  staleAfterMs?: number | undefined
  /** Overrides of `decide/constants.ts`; they travel in each record. */
  tuning?: Partial<Tuning> | undefined
  /** Blocks that the prefix index remembers. Default 1,048,576. */
  prefixBlocksMax?: number | undefined
}

/**
 * Large blocks of memory begin 16 bytes behind the beginning of a page, where the C library that Node stands on keeps its
 * note of them: rows that begin 48 bytes later fill whole cache lines.
 */
const LINE_BYTES = 64
const LINE_OFFSET = 48
/** Slots that one decision may move because time passed; the rest waits for the next one. */
const SWEEP_MAX = 64

/** One pool per model and gateway. */
export function createReplicaPool(options: ReplicaPoolOptions = {}): ReplicaPool {
  return new ReplicaPool(options)
}

export class ReplicaPool {
  readonly tuning: Readonly<Tuning>
  /** What differs from the defaults, as records keep it. */
  readonly tuningOverrides: Readonly<Partial<Tuning>>
  readonly prefix: PrefixIndex
  readonly scratch: DecisionScratch
  readonly index: CellIndex
  rows: Float64Array = new Float64Array(64 * col.ROW)
  cold = new Float64Array(64 * col.COLD)
  flags = new Uint8Array(64)
  /** Interned failure domains: alternates ask for them, and a small array stays in the cache better than the rows. */
  domains = new Int32Array(64)
  /** Interned providers, for those that exclude some. */
  providers = new Int32Array(64)
  /** Changes whenever a node gets another slot, or a string is seen for the first time. */
  names = 0
  /** Whether flags are in step with the clock: a sweep is bounded, and what it left is found on the rows. */
  isCurrent = true
  /** Sum of streams over replicas: bounds the load of prefix holders. */
  streamsTotal = 0
  readonly #offers: (ReplicaOffer | undefined)[] = []
  readonly #slots = new Map<string, number>()
  readonly #free: number[] = []
  readonly #ids = new Map<string, number>()
  readonly #order = new ReportOrder()
  readonly #timers = new SlotTimers()
  /** Came up before their time, by the rounding of a sum. */
  readonly #early: number[] = []
  readonly #policies = new PolicyCache()
  readonly #departed = new DepartedReplicas()
  readonly #excluded = new ExcludedNamesCache()
  #nowMs = 0

  constructor(options: ReplicaPoolOptions) {
    const { staleAfterMs, tuning, prefixBlocksMax = 1 << 20 } = options
    this.tuningOverrides = { ...tuning, ...(staleAfterMs === undefined ? {} : { staleAfterMs }) }
    this.tuning = { ...defaultTuning, ...this.tuningOverrides }
    this.prefix = createPrefixIndex({ blocksMax: prefixBlocksMax })
    this.scratch = new DecisionScratch(this.tuning)
    this.index = new CellIndex((slot) => this.offerAt(slot).nodeId)
  }

  get size(): number {
    return this.#slots.size
  }

  /** Adds a replica or takes over its changed offer; what was learned of it stays, also while it was away. Returns its slot. */
  upsert(offer: ReplicaOffer): number {
    const known = this.#slots.get(offer.nodeId)
    const slot = known ?? this.#free.pop() ?? this.#offers.length
    const before = known === undefined ? undefined : this.#offers[slot]
    this.scratch.keep(slot)
    if ((slot + 1) * col.ROW > this.rows.length) this.#grow(slot)
    const { rows, cold } = this
    const r = slot * col.ROW
    const c = slot * col.COLD
    this.#offers[slot] = offer
    if (!before) {
      this.#slots.set(offer.nodeId, slot)
      this.names++
      rows.fill(0, r, r + col.ROW)
      cold.fill(0, c, c + col.COLD)
      this.flags[slot] = 0
      rows[r + col.RTT] = rows[r + col.STATE] = Number.NaN
    }
    const declared = Math.max(1, finite(offer.concurrencyMax, 1))
    if (!before && this.#departed.restore(offer, rows, cold, slot, sameMachine)) {
      this.#timeBreaker(slot)
      // As it was seen: what it said of itself has gone with its link.
      applyFit(rows, cold, slot)
    } else if (!before || !samePrior(before.prior, offer.prior)) {
      resetFit(rows, cold, slot, offer.prior)
      rows[r + col.STREAMS_MAX] = offer.prior ? declared : Math.min(declared, this.tuning.slowStartStreams)
    }
    if (before && before.concurrencyMax !== offer.concurrencyMax) {
      const cap = rows[r + col.STREAMS_MAX] as number
      // A cap that nothing had lowered follows what is declared.
      rows[r + col.STREAMS_MAX] = cap < (cold[c + col.STREAMS_DECLARED] as number) ? Math.min(cap, declared) : declared
    }
    cold[c + col.STREAMS_DECLARED] = declared
    const { prices } = offer
    rows[r + col.P_IN] = finite(prices.inPerMtok, Number.MAX_SAFE_INTEGER)
    rows[r + col.P_CACHED] = finite(prices.cachedPerMtok, Number.MAX_SAFE_INTEGER)
    rows[r + col.P_OUT] = finite(prices.outPerMtok, Number.MAX_SAFE_INTEGER)
    rows[r + col.P_IN_GB] = finite(prices.inPerGb, Number.MAX_SAFE_INTEGER)
    rows[r + col.P_OUT_GB] = finite(prices.outPerGb, Number.MAX_SAFE_INTEGER)
    rows[r + col.CONTEXT_MAX] = finite(offer.contextTokensMax, 0)
    this.domains[slot] = this.idOf(offer.failureDomain)
    this.providers[slot] = this.idOf(offer.providerId)
    this.index.place(slot, offer, this.flags[slot] as number)
    this.#refresh(slot)
    return slot
  }

  /** False when it was not there. */
  remove(nodeId: string): boolean {
    const slot = this.#slots.get(nodeId)
    if (slot === undefined) return false
    this.#departed.save(this.offerAt(slot), this.rows, this.cold, slot)
    this.streamsTotal -= this.rows[slot * col.ROW + col.ACTIVE] as number
    this.index.remove(slot, this.flags[slot] as number)
    this.flags[slot] = 0
    this.#order.remove(slot)
    this.prefix.forget(slot)
    this.#slots.delete(nodeId)
    this.names++
    this.#offers[slot] = undefined
    this.#free.push(slot)
    return true
  }

  slotOf(nodeId: string): number | undefined {
    return this.#slots.get(nodeId)
  }

  offerAt(slot: number): ReplicaOffer {
    const offer = this.#offers[slot]
    invariant(offer, 'a slot in use has an offer')
    return offer
  }

  /** Slots in use, in no particular order. */
  slots(): IterableIterator<number> {
    return this.#slots.values()
  }

  /** A heartbeat. One that is older than the last is dropped. */
  report(slot: number, report: ReplicaReport): void {
    const { rows, cold } = this
    const r = slot * col.ROW
    const c = slot * col.COLD
    if (!this.#offers[slot] || !(report.atMs >= 0) || report.atMs < (rows[r + col.STATE] as number)) return
    this.scratch.keep(slot)
    if (cold[c + col.OWN_STREAMS] === 0)
      fadeFit(rows, cold, slot, report.atMs - (rows[r + col.STATE] as number), this.tuning)
    rows[r + col.STATE] = report.atMs
    rows[r + col.DRAINING] = report.draining ? 1 : 0
    cold[c + col.REPORTED_STREAMS] =
      finite(report.activeStreams, cold[c + col.REPORTED_STREAMS]) + finite(report.queuedStreams, 0)
    cold[c + col.REPORTED_OWN] = finite(report.ownStreams, 0)
    cold[c + col.REPORTED_PREFILL] = finite(report.prefillTokens, 0)
    cold[c + col.REPORTED_OWN_PREFILL] = report.prefillTokens === undefined ? 0 : finite(report.ownPrefillTokens, 0)
    cold[c + col.REPORTED_CONTEXT] = finite(report.contextTokens, 0) * (cold[c + col.REPORTED_STREAMS] as number)
    cold[c + col.OWN_CONTEXT_THEN] = cold[c + col.OWN_CONTEXT] as number
    relaxPace(rows, cold, slot, this.tuning)
    hearPace(rows, cold, slot, report.pace, this.tuning)
    if (!this.#order.put(slot, report.atMs)) this.#timeStale(slot)
    this.#load(slot)
  }

  /** Round trip gateway ↔ replica, ms; null or a broken value = not measured. */
  setRtt(slot: number, rttMs: number | null): void {
    this.scratch.keep(slot)
    this.rows[slot * col.ROW + col.RTT] = usableOr(rttMs, Number.NaN)
  }

  /** An attempt was dispatched to it. */
  opened(slot: number, work: AttemptWork): void {
    if (!this.#offers[slot]) return
    this.scratch.keep(slot)
    const c = slot * col.COLD
    this.cold[c + col.OWN_STREAMS] = (this.cold[c + col.OWN_STREAMS] as number) + 1
    this.#addPrefill(c, uncachedOf(work))
    this.cold[c + col.OWN_CONTEXT] = (this.cold[c + col.OWN_CONTEXT] as number) + contextOf(work)
    if (breakerTrial(this.rows, this.cold, slot, this.#nowMs, this.tuning)) this.#timeBreaker(slot)
    this.#load(slot)
  }

  /** What this gateway's streams on it took of late: how fast it is now. */
  paced(slot: number, recent: RecentPace): void {
    if (!this.#offers[slot]) return
    this.scratch.keep(slot)
    if (observePace(this.rows, this.cold, slot, recent, this.tuning)) this.#refresh(slot)
  }

  /** Its first token came: its prompt no longer waits. */
  firstToken(slot: number, work: AttemptWork): void {
    if (!this.#offers[slot]) return
    this.scratch.keep(slot)
    this.#addPrefill(slot * col.COLD, -uncachedOf(work))
    this.#load(slot)
  }

  /** The attempt ended. `work` as it was opened; `engineTtftMs` is null when `firstToken` was never called. */
  closed(slot: number, work: AttemptWork, outcome: AttemptOutcome, nowMs: number): void {
    if (!this.#offers[slot]) return
    this.scratch.keep(slot)
    const { rows, cold, tuning } = this
    const c = slot * col.COLD
    this.#nowMs = Math.max(this.#nowMs, nowMs)
    const own = cold[c + col.OWN_STREAMS] as number
    cold[c + col.OWN_STREAMS] = Math.max(0, own - 1)
    if (outcome.engineTtftMs === null) this.#addPrefill(c, -uncachedOf(work))
    cold[c + col.OWN_CONTEXT] = Math.max(0, (cold[c + col.OWN_CONTEXT] as number) - contextOf(work))
    const streams = finite(outcome.concurrency, rows[slot * col.ROW + col.ACTIVE])
    if (outcome.kind === 'finished') {
      observeAttempt(rows, cold, slot, outcome, tuning)
      breakerSuccess(rows, cold, slot, tuning)
      capSucceeded(rows, cold, slot, streams, !this.offerAt(slot).prior)
    } else if (outcome.kind === 'failed') {
      breakerFailure(rows, cold, slot, nowMs, tuning)
      this.#timeBreaker(slot)
    } else if (outcome.kind === 'refused') {
      capRefused(rows, slot, streams, tuning)
      breakerTrialCancelled(rows, cold, slot, nowMs)
    } else breakerTrialCancelled(rows, cold, slot, nowMs)
    this.#load(slot)
  }

  /**
   * What a decision does first: slots whose breaker time is up or whose state went stale change their flags. Returns the
   * pool's time: the latest that it was told, for it never goes back.
   */
  advance(nowMs: number): number {
    if (nowMs > this.#nowMs) this.#nowMs = nowMs
    const now = this.#nowMs
    this.isCurrent = true
    let moved = 0
    for (let slot = this.#order.oldest; slot >= 0 && this.#isStale(slot, now); slot = this.#order.oldest) {
      if (moved++ === SWEEP_MAX) {
        this.isCurrent = false
        break
      }
      this.#order.remove(slot)
      this.#refresh(slot)
    }
    for (moved = 0; this.#timers.nextMs <= now; moved++) {
      if (moved === SWEEP_MAX) {
        this.isCurrent = false
        break
      }
      const slot = this.#timers.pop()
      if (!this.#offers[slot]) continue
      this.#refresh(slot)
      if (!this.#order.has(slot) && !this.#isStale(slot, now)) this.#early.push(slot)
    }
    while (this.#early.length > 0) this.#timeStale(this.#early.pop() as number)
    return now
  }

  /** For a slot that is not listed by its report: looks at it again when that goes stale. */
  #timeStale(slot: number): void {
    const atMs = this.rows[slot * col.ROW + col.STATE] as number
    if (atMs >= 0) this.#timers.add(slot, Math.max(this.#nowMs, atMs + this.tuning.staleAfterMs))
  }

  #isStale(slot: number, nowMs: number): boolean {
    return nowMs - (this.rows[slot * col.ROW + col.STATE] as number) > this.tuning.staleAfterMs
  }

  /**
   * The policy's fixed constraints compiled for this pool, as of when it was last brought in step (`refresh`).
   * `contextTokens` is what the request needs.
   */
  compiled(policy: RoutingPolicy, modelHash: string | null, contextTokens: number): CompiledPolicy {
    return this.#policies.get(policy, modelHash, contextTokens)
  }

  /** Slots and providers that a policy's list excludes. */
  excludedBy(exclude: readonly string[]): ExcludedNames {
    return this.#excluded.get(exclude, this)
  }

  /** A small number for a string, the same while the pool lives. */
  idOf(text: string): number {
    const known = this.#ids.get(text)
    if (known !== undefined) return known
    this.#ids.set(text, this.#ids.size)
    this.names++
    return this.#ids.size - 1
  }

  /** The number of a string that the pool has seen. */
  knownId(text: string): number | undefined {
    return this.#ids.get(text)
  }

  #addPrefill(c: number, tokens: number): void {
    this.cold[c + col.OWN_PREFILL] = Math.max(0, (this.cold[c + col.OWN_PREFILL] as number) + tokens)
  }

  #timeBreaker(slot: number): void {
    const untilMs = this.rows[slot * col.ROW + col.BREAKER_UNTIL] as number
    if (untilMs > this.#nowMs) this.#timers.add(slot, untilMs)
  }

  /** Load = reported − own share at the heartbeat + own now; never below own now. */
  #load(slot: number): void {
    const { rows, cold } = this
    const r = slot * col.ROW
    const c = slot * col.COLD
    const own = cold[c + col.OWN_STREAMS] as number
    const others = (cold[c + col.REPORTED_STREAMS] as number) - (cold[c + col.REPORTED_OWN] as number)
    const streams = Math.max(0, others) + own
    this.streamsTotal += streams - (rows[r + col.ACTIVE] as number)
    rows[r + col.ACTIVE] = streams
    const ownPrefill = cold[c + col.OWN_PREFILL] as number
    const otherPrefill = (cold[c + col.REPORTED_PREFILL] as number) - (cold[c + col.REPORTED_OWN_PREFILL] as number)
    rows[r + col.PREFILL_TOKENS] = Math.max(0, otherPrefill) + ownPrefill
    const reported = cold[c + col.REPORTED_CONTEXT] as number
    const since = (cold[c + col.OWN_CONTEXT] as number) - (cold[c + col.OWN_CONTEXT_THEN] as number)
    const context = reported > 0 ? Math.max(0, reported + since) : (cold[c + col.OWN_CONTEXT] as number)
    rows[r + col.CONTEXT] = streams > 0 ? context / streams : 0
    this.#refresh(slot)
  }

  /** Works out the slot's flags and keeps the counters in step. */
  #refresh(slot: number): void {
    const { rows, tuning } = this
    const r = slot * col.ROW
    const before = this.flags[slot] as number
    const breakerUntil = rows[r + col.BREAKER_UNTIL] as number
    const active = rows[r + col.ACTIVE] as number
    const cap = rows[r + col.STREAMS_MAX] as number
    let after = 0
    if (breakerUntil > this.#nowMs) after |= col.BREAKER
    if (this.#isStale(slot, this.#nowMs)) after |= col.STALE
    if (after < col.BREAKER && rows[r + col.DRAINING] === 0 && active < cap * (1 + tuning.queueShare)) {
      after |= col.OPEN
      if (after === col.OPEN && this.#hasSlack(r, active, cap)) after |= col.SLACK
    }
    if ((rows[r + col.P_CACHED] as number) > (rows[r + col.P_IN] as number)) after |= col.CACHED_DEARER
    if (after === before) return
    this.flags[slot] = after
    this.index.reflag(slot, before, after)
  }

  /** Would one more stream stay inside the nominal SLOs? */
  #hasSlack(r: number, active: number, cap: number): boolean {
    const { rows, tuning } = this
    if (active + 1 > cap) return false
    const a = rows[r + col.TPOT_A] as number
    const b = rows[r + col.TPOT_B] as number
    const g = rows[r + col.TPOT_G] as number
    const step = a + (active + 1) * (b + g * (rows[r + col.CONTEXT] as number))
    // Alone on the replica there is nobody to wait for: a slow machine is judged by its score, not hidden.
    if (active >= 1 && step > tuning.headroomTpot * tuning.nominalTpotSloMs) return false
    const perToken = (rows[r + col.PREFILL_MS] as number) + step / tuning.prefillChunkTokens
    const waitMs = tuning.ttftTail * (rows[r + col.PREFILL_TOKENS] as number) * perToken
    return waitMs <= tuning.headroomTtft * tuning.nominalTtftSloMs
  }

  #grow(slot: number): void {
    const size = Math.max(slot + 1, (this.rows.length / col.ROW) * 2)
    const rows = new Float64Array(new ArrayBuffer(size * col.ROW * 8 + LINE_BYTES), LINE_OFFSET, size * col.ROW)
    rows.set(this.rows)
    this.rows = rows
    const cold = new Float64Array(size * col.COLD)
    cold.set(this.cold)
    this.cold = cold
    const flags = new Uint8Array(size)
    flags.set(this.flags)
    this.flags = flags
    const domains = new Int32Array(size)
    domains.set(this.domains)
    this.domains = domains
    const providers = new Int32Array(size)
    providers.set(this.providers)
    this.providers = providers
  }
}

const finite = (value: number | undefined, otherwise: number | undefined): number => usableOr(value, otherwise ?? 0)

const uncachedOf = (work: AttemptWork): number => finite(work.tokensIn - work.tokensCached, 0)
/** Mean context over a stream's life. */
const contextOf = (work: AttemptWork): number => finite(work.tokensIn + work.tokensOut / 2, 0)

/** Another curve or concurrency is another machine: nothing learned holds. */
const sameMachine = (a: ReplicaOffer, b: ReplicaOffer): boolean =>
  a.concurrencyMax === b.concurrencyMax && samePrior(a.prior, b.prior)

function samePrior(a: ReplicaOffer['prior'], b: ReplicaOffer['prior']): boolean {
  if (a === b) return true
  if (!a || !b) return false
  return (
    a.baseMs === b.baseMs &&
    a.prefillMsPerToken === b.prefillMsPerToken &&
    a.tpotBaseMs === b.tpotBaseMs &&
    a.tpotPerStreamMs === b.tpotPerStreamMs &&
    a.tpotPerStreamTokenMs === b.tpotPerStreamTokenMs
  )
}
