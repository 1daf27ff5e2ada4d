/**
 * Where a decision works: arrays that every decision on a pool reuses, so that deciding allocates next to nothing.
 * Holds the sampled rows as they were seen, until the next decision, so that a record can be made of them.
 */
import { ROW, STATE } from '../pool/columns.ts'
import type { PlacementRequest } from '../placement.ts'
import type { CompiledPolicy } from '../pool/compiled-policy.ts'
import type { PrefixHolders } from '../prefix/prefix-index.ts'
import type { Tuning } from './constants.ts'

/** Cells among which price-biased draws are made. */
export const CELLS_MAX = 16
/** Uniform draws of one decision. */
export const DRAWS_MAX = 64
/** Marks are of the last ten bits of a slot. */
export const MARKS = 1_023

export class DecisionScratch {
  /** Rows sampled. */
  n = 0
  readonly capacity: number
  readonly slots: Int32Array
  /** Rows of its own: those of a replay, and those of the pool that changed after the decision. */
  readonly rows: Float64Array
  /** Where row i lies: `source[base[i] + column]`. A decision reads the pool's rows in place. */
  source: Float64Array
  readonly base: Int32Array
  /** Whether `STATE` holds an age instead of a time. */
  ages = true
  readonly kept: Uint8Array
  readonly cached: Float64Array
  /** 0 = admissible, else 1 + index in `rejectionReasons`. */
  readonly reason: Uint8Array
  readonly score: Float64Array
  /** Rows that score as well as the best. */
  readonly equals: Int32Array
  readonly ttftMs: Float64Array
  /** TTFT with its wait weighted: what the SLO is judged by. */
  readonly ttftTailMs: Float64Array
  readonly tpotMs: Float64Array
  /** TPOT with what few steps do not average out: what the SLO is judged by. */
  readonly tpotTailMs: Float64Array
  /** Price of the request's tokens and bytes there, µUSD. */
  readonly tokensUsd: Float64Array
  readonly bytesUsd: Float64Array
  readonly active: Float64Array
  readonly failing: Float64Array
  /** Interned failure domains. */
  readonly domain: Int32Array
  /** 1 = the pool's flags say that it is open and fresh, and no dearer cached; else the row itself is asked. */
  readonly clean: Uint8Array
  /** What the score is made with, once for a decision. */
  readonly weights = {
    latency: 0.5,
    generation: 0.5,
    sloTtft: 0.5,
    sloTpot: 0.5,
    others: 0.5,
    ttftFree: 0.5,
    tpotFree: 0.5,
    othersFree: 0.5,
    othersCurve: 0.5,
    retry: 0.5,
  }
  /** What the request costs on average in the sample, µUSD. */
  reference = 0.5
  readonly holders: PrefixHolders = { slot: new Int32Array(2), blocks: new Int32Array(2) }
  /** Keeps the reads that warm the cache from being optimised away. */
  touched = 0
  /** Cells that `collect` found, with their open or slack slots cumulated. */
  cells = 0
  readonly cellPlace = new Int32Array(CELLS_MAX)
  readonly cumulative = new Int32Array(CELLS_MAX)
  /** By the last ten bits of a slot: the decision that sampled one of them last. */
  readonly seen = new Int32Array(MARKS + 1)
  readonly spare = new Int32Array(DRAWS_MAX)
  readonly drawn = new Int32Array(DRAWS_MAX)
  readonly drawnLeft = new Int32Array(DRAWS_MAX)
  /** Outcome of `choose`: places in the sample, -1 = none. */
  chosen = -1
  alternate1 = -1
  alternate2 = -1
  explored = false
  /** What a record needs besides. */
  decisions = 0
  request: PlacementRequest | null = null
  nowMs = 0
  /** Its policy in the pool, and the index's version: as many replicas are eligible as when it is brought in step. */
  compiled: CompiledPolicy | null = null
  readonly prngState = new Int32Array(4)

  constructor(
    tuning: Pick<Tuning, 'sampleSize' | 'wholeMax'>,
    capacity = Math.max(tuning.wholeMax, tuning.sampleSize) + tuning.sampleSize + 2,
  ) {
    this.capacity = capacity
    this.slots = new Int32Array(capacity)
    this.rows = new Float64Array(capacity * ROW)
    this.source = this.rows
    this.base = Int32Array.from({ length: capacity }, (_, i) => i * ROW)
    this.kept = new Uint8Array(capacity)
    this.cached = new Float64Array(capacity)
    this.reason = new Uint8Array(capacity)
    this.score = new Float64Array(capacity)
    this.equals = new Int32Array(capacity)
    this.ttftMs = new Float64Array(capacity)
    this.ttftTailMs = new Float64Array(capacity)
    this.tpotMs = new Float64Array(capacity)
    this.tpotTailMs = new Float64Array(capacity)
    this.tokensUsd = new Float64Array(capacity)
    this.bytesUsd = new Float64Array(capacity)
    this.active = new Float64Array(capacity)
    this.failing = new Float64Array(capacity)
    this.domain = new Int32Array(capacity)
    this.clean = new Uint8Array(capacity)
  }

  /** A row's value as the decision saw it. */
  value(i: number, column: number): number {
    return (this.kept[i] === 1 ? this.rows[i * ROW + column] : this.source[(this.base[i] as number) + column]) as number
  }

  /** How old the row's state was, ms; NaN = there was none. */
  age(i: number): number {
    return this.ages ? this.value(i, STATE) : this.nowMs - this.value(i, STATE)
  }

  /** Moves a row that was looked at to an earlier place. */
  move(from: number, to: number): void {
    if (from === to) return
    this.slots[to] = this.slots[from] as number
    this.base[to] = this.base[from] as number
    this.cached[to] = this.cached[from] as number
    this.reason[to] = this.reason[from] as number
    this.ttftMs[to] = this.ttftMs[from] as number
    this.ttftTailMs[to] = this.ttftTailMs[from] as number
    this.tpotMs[to] = this.tpotMs[from] as number
    this.tpotTailMs[to] = this.tpotTailMs[from] as number
    this.tokensUsd[to] = this.tokensUsd[from] as number
    this.bytesUsd[to] = this.bytesUsd[from] as number
    this.active[to] = this.active[from] as number
    this.failing[to] = this.failing[from] as number
    this.domain[to] = this.domain[from] as number
    this.clean[to] = this.clean[from] as number
  }

  /** The pool is about to change this slot: what a record of the last decision needs of it is kept. */
  keep(slot: number): void {
    const { slots, n } = this
    for (let i = 0; i < n; i++) {
      if (slots[i] !== slot || this.kept[i] === 1) continue
      const from = this.base[i] as number
      for (let c = 0; c < ROW; c++) this.rows[i * ROW + c] = this.source[from + c] as number
      this.kept[i] = 1
      return
    }
  }
}

/** Notes a slot unless it is noted already. */
export function addSlot(s: DecisionScratch, slot: number): boolean {
  const { n, slots, seen, decisions } = s
  if (n === s.capacity) return false
  // Only a slot whose mark is of this decision may be there already.
  if (seen[slot & MARKS] !== decisions) seen[slot & MARKS] = decisions
  else for (let i = 0; i < n; i++) if (slots[i] === slot) return false
  slots[n] = slot
  s.cached[n] = 0
  s.reason[n] = 0
  s.n = n + 1
  return true
}
