/**
 * Where a decision works: arrays that every decision on a pool reuses, so that deciding allocates next to nothing.
 * Holds the sampled rows as they were seen, until the next decision, so that a record can be made of them.
 */
import type { PrngState } from '@isochrone/domain'
import { ROW, STATE } from '../pool/columns.ts'
import type { PlacementRequest } from '../placement.ts'
import type { PrefixHolders } from '../prefix/prefix-index.ts'
import type { Tuning } from './constants.ts'

/** Terms of the score in this order. */
export const TERMS = 7
/** Cells among which price-biased draws are made. */
export const CELLS_MAX = 32

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
  readonly ttftMs: Float64Array
  /** TTFT with its wait weighted: what the SLO is judged by. */
  readonly ttftTailMs: Float64Array
  readonly tpotMs: Float64Array
  readonly terms: Float64Array
  readonly holders: PrefixHolders = { slot: new Int32Array(2), blocks: new Int32Array(2) }
  /** Keeps the reads that warm the cache from being optimised away. */
  touched = 0
  /** Cells that `collect` found, with their open or slack slots cumulated. */
  cells = 0
  readonly cellStart = new Int32Array(CELLS_MAX)
  readonly cellCount = new Int32Array(CELLS_MAX)
  readonly cumulative = new Int32Array(CELLS_MAX)
  /** Marks of the slots sampled, by their last ten bits. */
  readonly seen = new Int32Array(32)
  readonly spare: Int32Array
  readonly drawn: Int32Array
  /** Outcome of `choose`: places in the sample, -1 = none. */
  chosen = -1
  alternate1 = -1
  alternate2 = -1
  explored = false
  /** What a record needs besides. */
  decisions = 0
  request: PlacementRequest | null = null
  nowMs = 0
  eligible = 0
  prngState: PrngState = [0, 0, 0, 0]

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
    this.ttftMs = new Float64Array(capacity)
    this.ttftTailMs = new Float64Array(capacity)
    this.tpotMs = new Float64Array(capacity)
    this.terms = new Float64Array(capacity * TERMS)
    this.spare = new Int32Array(tuning.sampleSize)
    this.drawn = new Int32Array(tuning.sampleSize)
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
