/**
 * Where a decision works: arrays that every decision on a pool reuses, so that deciding allocates next to nothing.
 * Holds the sampled rows as they were seen, until the next decision, so that a record can be made of them.
 */
import type { PrngState } from '@isochrone/domain'
import { ROW } from '../pool/columns.ts'
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
  readonly rows: Float64Array
  readonly cached: Float64Array
  /** 0 = admissible, else 1 + index in `rejectionReasons`. */
  readonly reason: Uint8Array
  readonly score: Float64Array
  readonly ttftMs: Float64Array
  readonly tpotMs: Float64Array
  readonly terms: Float64Array
  readonly holders: PrefixHolders = { slot: new Int32Array(2), blocks: new Int32Array(2) }
  /** Cells that `collect` found, with their open or slack slots cumulated. */
  cells = 0
  readonly cellStart = new Int32Array(CELLS_MAX)
  readonly cellCount = new Int32Array(CELLS_MAX)
  readonly cumulative = new Int32Array(CELLS_MAX)
  readonly spare: Int32Array
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

  constructor(tuning: Pick<Tuning, 'sampleSize'>, capacity = tuning.sampleSize * 2 + 2) {
    this.capacity = capacity
    this.slots = new Int32Array(capacity)
    this.rows = new Float64Array(capacity * ROW)
    this.cached = new Float64Array(capacity)
    this.reason = new Uint8Array(capacity)
    this.score = new Float64Array(capacity)
    this.ttftMs = new Float64Array(capacity)
    this.tpotMs = new Float64Array(capacity)
    this.terms = new Float64Array(capacity * TERMS)
    this.spare = new Int32Array(tuning.sampleSize)
  }
}
