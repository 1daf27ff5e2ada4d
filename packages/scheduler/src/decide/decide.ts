/**
 * Placement: choose the replica that will serve one request, and up to two alternates.
 *
 * Pure and synchronous: the pool, the time and the generator come from the caller, so a record replays a decision
 * exactly. The cost does not grow with the fleet: see `sample.ts`. What was looked at and not chosen has a score or a
 * reason in the record, which is only made when asked for.
 */
import { invariant, type Prng } from '@isochrone/domain'
import { contextNeeded, type PlacementRecord, type PlacementRequest, type RejectionReason } from '../placement.ts'
import * as col from '../pool/columns.ts'
import { AT_MASK, AT_WORD, ENTRY, type CompiledPolicy } from '../pool/compiled-policy.ts'
import type { ReplicaPool } from '../pool/replica-pool.ts'
import { choose } from './choose.ts'
import { markExcluded } from './exclude.ts'
import { admit, lacksSlack, overPriceCap, predict, STALE_REASON } from './predict.ts'
import { prefillAheadMax } from './prefill-ahead.ts'
import { keepBest } from './recall.ts'
import { recordOf } from './record.ts'
import { add, locate, sample } from './sample.ts'
import { sampleNamed } from './sample-named.ts'
import type { DecisionScratch } from './scratch.ts'
import { commonestReason, nearestOf, retryAfterOf, staticReasonOf } from './why-none.ts'

/** Rows that the fallback looks at together. */
const SCAN_BATCH = 16
/** Rows that a scan may pass over for what the request rules out: about half a millisecond. */
const SKIPS_MAX = 8_192
const NO_SLOTS: readonly number[] = Object.freeze([])

export interface Placed {
  kind: 'placed'
  slot: number
  /** Best first, each in a failure domain of its own; empty when the policy allows no fallback. */
  alternates: readonly number[]
  ttftMs: number
  tpotMs: number
  /** Expected price of the tokens and bytes, µUSD. An estimate, never a bill. */
  priceMicroUsd: number
  explored: boolean
  /** Prompt tokens that may wait there before it; null = any number. Only before the next decision on that pool. */
  prefillAheadMax(): number | null
  /** Only before the next decision on that pool and before its offers change. */
  record(): PlacementRecord
}

export interface NotPlaced {
  kind: 'none'
  reason: RejectionReason | 'no_replica'
  retryAfterMs: number
  /** Up to three replicas that lacked room or time, those that lacked least first. Only before the next decision on that pool. */
  nearest(): readonly number[]
  /** Only before the next decision on that pool and before its offers change. */
  record(): PlacementRecord
}

export type Decision = Placed | NotPlaced

export function decide(pool: ReplicaPool, request: PlacementRequest, rng: Prng, atMs: number): Decision {
  invariant(request.tokensOutMax > 0, 'the API refuses an empty completion')
  const { scratch: s, tuning } = pool
  const nowMs = pool.advance(atMs)
  pool.prefix.touch(request.prefixHashes)
  const compiled = pool.compiled(request.policy, request.modelHash, contextNeeded(request))
  s.decisions = (s.decisions + 1) | 0
  s.request = request
  s.nowMs = nowMs
  s.compiled = compiled
  const { onlyNodeIds } = request
  if (onlyNodeIds) sampleNamed(pool, request, onlyNodeIds)
  else sample(pool, compiled, request, rng)
  look(pool, 0, request, nowMs)
  if (admit(s) === 0 && !onlyNodeIds) scan(pool, compiled, request, nowMs)
  rng.copyState(s.prngState)
  choose(s, request, rng, tuning)
  if (!onlyNodeIds) keepBest(pool, compiled)
  return s.chosen < 0 ? new None(pool, compiled) : new Choice(pool)
}

/** Finds and judges the rows from `from` on. */
function look(pool: ReplicaPool, from: number, request: PlacementRequest, nowMs: number): void {
  locate(pool, from)
  if (request.excludeNodeIds.length > 0 || request.policy.exclude.length > 0) markExcluded(pool, from, request)
  predict(pool.scratch, from, request, nowMs, pool.tuning)
}

/**
 * The exact fallback, cheapest first: nothing that was sampled is admissible, so open replicas are looked at, up to a
 * bound. Those that are admissible join the sample. By the batch: one at a time costs more than the prediction itself.
 */
function scan(pool: ReplicaPool, compiled: CompiledPolicy, request: PlacementRequest, nowMs: number): void {
  const { scratch: s, flags, rows, tuning } = pool
  const { arena, slab } = pool.index
  compiled.refresh(pool.index)
  if (s.n >= compiled.eligible) return
  const { openBits, starts, counts } = arena
  const { entries, entriesEnd } = compiled
  const bySlack = request.policy.admission === 'slack'
  const ruledOut = ruleOut(pool, request)
  let skips = ruledOut ? SKIPS_MAX : 0
  let left = tuning.scanMax
  let missing = tuning.sampleFill
  let from = s.n
  gather: for (let e = 0; e < entriesEnd; e += ENTRY) {
    const word = entries[e + AT_WORD] as number
    let bits = (entries[e + AT_MASK] as number) & (openBits[word] as number)
    for (; bits !== 0; bits &= bits - 1) {
      const place = word * 32 + 31 - Math.clz32(bits & (~bits + 1))
      const start = starts[place] as number
      const end = start + (counts[place] as number)
      for (let i = start; i < end; i++) {
        const slot = slab.data[i] as number
        if (skips > 0 && ruledOut?.(slot)) {
          skips--
          continue
        }
        if (left-- === 0) break gather
        if (((flags[slot] as number) & col.OPEN) === 0) continue
        if (bySlack && lacksSlack(rows, slot * col.ROW, request, tuning)) continue
        if (!add(pool, slot)) continue
        if (s.n - from < SCAN_BATCH && s.n < s.capacity) continue
        missing -= keepUsable(pool, from, missing, request, nowMs)
        if (missing === 0) break gather
        from = s.n
      }
    }
  }
  if (missing > 0) keepUsable(pool, from, missing, request, nowMs)
  admit(s)
}

/** Looks at the rows from `from` on and keeps up to `max` that may serve; returns how many. */
function keepUsable(pool: ReplicaPool, from: number, max: number, request: PlacementRequest, nowMs: number): number {
  const { scratch: s } = pool
  look(pool, from, request, nowMs)
  const { n } = s
  s.n = from
  for (let i = from; i < n && s.n < from + max; i++) {
    // What is stale may serve when nothing else can: it stays in the sample too.
    if (s.reason[i] === 0 || s.reason[i] === STALE_REASON) s.move(i, s.n++)
  }
  return s.n - from
}

/**
 * What cells do not know of a request, tested on a row alone: ids it excludes, its cap on the whole price. Null when it has neither.
 * Thousands of such rows may be cheaper than the first that may serve, so they must not use up the scan.
 */
function ruleOut(pool: ReplicaPool, request: PlacementRequest): ((slot: number) => boolean) | null {
  const { exclude, maxPrice } = request.policy
  const capped = maxPrice.requestMicroUsd !== null
  if (exclude.length === 0 && !capped) return null
  const excluded = pool.excludedBy(exclude)
  const slots = new Set(excluded.slots)
  const providers = new Set(excluded.providers)
  return (slot) => {
    if (slots.has(slot) || providers.has(pool.providers[slot] as number)) return true
    return capped && overPriceCap(pool.rows, slot * col.ROW, request, pool.tuning)
  }
}

function alternatesOf(s: DecisionScratch): readonly number[] {
  if (s.alternate1 < 0) return NO_SLOTS
  const first = s.slots[s.alternate1] as number
  return s.alternate2 < 0 ? [first] : [first, s.slots[s.alternate2] as number]
}

class Choice implements Placed {
  readonly kind = 'placed'
  readonly slot: number
  readonly alternates: readonly number[]
  readonly ttftMs: number
  readonly tpotMs: number
  readonly priceMicroUsd: number
  readonly explored: boolean
  readonly #pool: ReplicaPool
  readonly #decision: number

  constructor(pool: ReplicaPool) {
    const { scratch: s } = pool
    this.#pool = pool
    this.#decision = s.decisions
    this.slot = s.slots[s.chosen] as number
    this.alternates = alternatesOf(s)
    this.ttftMs = s.ttftMs[s.chosen] as number
    this.tpotMs = s.tpotMs[s.chosen] as number
    this.priceMicroUsd = (s.tokensUsd[s.chosen] as number) + (s.bytesUsd[s.chosen] as number)
    this.explored = s.explored
  }

  prefillAheadMax(): number | null {
    const { scratch: s, tuning } = this.#pool
    invariant(s.decisions === this.#decision && s.request, 'a bound is made before the next decision')
    return prefillAheadMax(s, s.request, tuning)
  }

  record(): PlacementRecord {
    invariant(this.#pool.scratch.decisions === this.#decision, 'a record is made before the next decision')
    return recordOf(this.#pool, null, 0)
  }
}

class None implements NotPlaced {
  readonly kind = 'none'
  readonly reason: RejectionReason | 'no_replica'
  readonly retryAfterMs: number
  readonly #pool: ReplicaPool
  readonly #decision: number

  constructor(pool: ReplicaPool, compiled: CompiledPolicy) {
    const { scratch: s } = pool
    this.#pool = pool
    this.#decision = s.decisions
    this.reason = commonestReason(s) ?? staticReasonOf(pool, compiled) ?? 'no_replica'
    this.retryAfterMs = retryAfterOf(s, pool.tuning)
  }

  nearest(): readonly number[] {
    const { scratch: s } = this.#pool
    invariant(s.decisions === this.#decision, 'who came nearest is asked before the next decision')
    return nearestOf(s)
  }

  record(): PlacementRecord {
    invariant(this.#pool.scratch.decisions === this.#decision, 'a record is made before the next decision')
    return recordOf(this.#pool, this.reason, this.retryAfterMs)
  }
}
