/**
 * A policy's fixed constraints, compiled for one pool: one bit a cell, in price order, with cumulative counts per word.
 *
 * Kept in step as replicas come and go, at a cost that does not grow with the fleet: new cells are looked at once, and
 * counts are summed again when more than a sixteenth of them may be off (at once where they are few, so an eligible set
 * of sixteen or less, and an empty one, is exact). A draw never meets a replica that the fixed constraints exclude.
 * Constraints finer than a cell (exact prices, exact context, ids) are for `decide/predict.ts`.
 */
import type { RejectionReason, RoutingPolicy } from '../placement.ts'
import type { Bucket, Cell, CellClass } from './bucket.ts'
import { RECENT, type CellIndex } from './cell-index.ts'
import { levelOf } from './price-level.ts'
import { staticCheck, type StaticPolicy } from './static-rejection.ts'

/** One bucket as the policy sees it. */
export interface BucketView {
  bucket: Bucket
  version: number
  /** `bucket.moves` when counts were summed, and how many cells of the bucket have been looked at. */
  moves: number
  looked: number
  admitted: number
  /** Bit set of admitted places, and admitted slots in each word. */
  mask: Uint32Array
  inWord: Int32Array
  count: number
}

/** An entry: eligible slots up to and with this word, the word's number in the arena, its admitted places. */
export const ENTRY = 4
export const AT_CUMULATIVE = 0
export const AT_WORD = 1
export const AT_MASK = 2
/** Entries of a guide table: with as many words, a search takes two steps. */
export const GUIDES = 256
/** By class: not looked at yet, admitted, not admitted. */
const [UNKNOWN, ADMITTED, NOT] = [0, 1, 2] as const

export class CompiledPolicy {
  readonly views: BucketView[] = []
  /** Those that have eligible slots. */
  readonly live: BucketView[] = []
  eligible = 0
  /** Words of admitted places in price order, `ENTRY` numbers each: see `AT_…`. One without slots is never drawn. */
  entries = new Int32Array(ENTRY * 16)
  entriesEnd = 0
  /** Where to begin the search for a share of the eligible slots (indexed search, Chen and Asau, 1974). */
  readonly guide = new Int32Array(GUIDES)
  /** Why nothing is eligible, for `index.version`: see `why-none.ts`. */
  reason: RejectionReason | null = null
  reasonVersion = 0
  /** By class: 0 = not asked yet, else 1 + the code of what excludes it. */
  reasonByClass = new Uint8Array(0)
  readonly #check: (kind: CellClass) => boolean
  readonly #modelHash: string | null
  readonly #contextClass: number
  readonly #levelIn: number
  readonly #levelOut: number
  #admitted = new Uint8Array(64)
  #version = -RECENT

  constructor(policy: StaticPolicy & Pick<RoutingPolicy, 'maxPrice'>, modelHash: string | null, contextClass: number) {
    this.#check = staticCheck(policy)
    this.#modelHash = modelHash
    this.#contextClass = contextClass
    const { inPerMtok, outPerMtok } = policy.maxPrice
    this.#levelIn = inPerMtok === null ? Number.POSITIVE_INFINITY : levelOf(inPerMtok)
    this.#levelOut = outPerMtok === null ? Number.POSITIVE_INFINITY : levelOf(outPerMtok)
  }

  /** Brings the views in step with the cells. */
  refresh(index: CellIndex): void {
    if (this.#version === index.version) return
    const { buckets, version, recent } = index
    let changed = this.views.length !== buckets.length
    if (changed) this.#adopt(buckets)
    if (changed || version - this.#version > RECENT) {
      for (const view of this.views) if (this.#catchUp(view, index)) changed = true
    } else {
      for (let v = this.#version; v < version; v++) {
        const { rank } = recent[v % RECENT] as Bucket
        if (this.#catchUp(this.views[rank] as BucketView, index)) changed = true
      }
    }
    this.#version = version
    if (changed) this.#total()
  }

  /** Brings one view in step with its bucket; true when the eligible slots have to be counted again. */
  #catchUp(view: BucketView, index: CellIndex): boolean {
    const { bucket } = view
    if (view.moves === bucket.moves) return false
    index.orderCells(bucket)
    const restarted = view.version !== bucket.version
    if (restarted) restart(view)
    const before = view.admitted
    if (view.looked < bucket.cells.length) this.#look(view, index.classes)
    const grown = view.admitted !== before
    const few = view.moves >= 0 && bucket.moves - view.moves <= view.count >> 4
    if (few && !grown) return false
    index.orderSlots(bucket)
    // Most arrivals and departures are of replicas that this policy does not admit.
    return sum(view) || restarted || grown
  }

  /** Whether the cell's replicas are among the eligible ones. */
  admits(cell: Cell): boolean {
    return cell.levelIn <= this.#levelIn && cell.levelOut <= this.#levelOut && this.#admits(cell.class)
  }

  #total(): void {
    let words = 0
    for (const { bucket } of this.views) words += bucket.words
    if (this.entries.length < words * ENTRY) this.entries = new Int32Array(words * ENTRY * 2)
    const { entries } = this
    let eligible = 0
    let e = 0
    this.live.length = 0
    for (const view of this.views) {
      const { bucket, count, inWord, mask } = view
      if (view.admitted === 0) continue
      if (count > 0) this.live.push(view)
      for (let w = 0; w < bucket.words; w++) {
        if (mask[w] === 0) continue
        eligible += inWord[w] as number
        entries[e + AT_CUMULATIVE] = eligible
        entries[e + AT_WORD] = (bucket.base >> 5) + w
        entries[e + AT_MASK] = mask[w] as number
        e += ENTRY
      }
    }
    this.eligible = eligible
    this.entriesEnd = e
    for (let g = 0, at = 0; g < GUIDES && eligible > 0; g++) {
      const first = Math.floor((g / GUIDES) * eligible)
      while ((entries[at] as number) <= first) at += ENTRY
      this.guide[g] = at
    }
  }

  #adopt(buckets: readonly Bucket[]): void {
    const known = new Map(this.views.map((view) => [view.bucket, view]))
    this.views.length = 0
    for (const bucket of buckets) this.views.push(known.get(bucket) ?? viewOf(bucket))
  }

  /** Looks at the bucket's cells that are new to the view. */
  #look(view: BucketView, kinds: readonly CellClass[]): void {
    const { bucket } = view
    const { classes, levelsIn, levelsOut, words } = bucket
    if (view.mask.length < words) {
      const mask = new Uint32Array(words * 2)
      mask.set(view.mask)
      view.mask = mask
      const inWord = new Int32Array(words * 2)
      inWord.set(view.inWord)
      view.inWord = inWord
    }
    if (this.#admitted.length < kinds.length) {
      const admitted = new Uint8Array(kinds.length * 2)
      admitted.set(this.#admitted)
      this.#admitted = admitted
    }
    const end = bucket.cells.length
    for (let place = view.looked; place < end; place++) {
      if ((levelsIn[place] as number) > this.#levelIn || (levelsOut[place] as number) > this.#levelOut) continue
      const id = classes[place] as number
      const known = this.#admitted[id] as number
      if (known === NOT || (known === UNKNOWN && !this.#admits(kinds[id] as CellClass))) continue
      view.mask[place >>> 5] = (view.mask[place >>> 5] as number) | (1 << (place & 31))
      view.admitted++
    }
    view.looked = end
  }

  #admits(kind: CellClass): boolean {
    const known = this.#admitted[kind.id]
    if (known === ADMITTED || known === NOT) return known === ADMITTED
    const fits = kind.contextClass >= this.#contextClass
    const build = this.#modelHash === null || this.#modelHash === kind.modelHash
    const admitted = fits && build && this.#check(kind)
    this.#admitted[kind.id] = admitted ? ADMITTED : NOT
    return admitted
  }
}

function viewOf(bucket: Bucket): BucketView {
  const mask = new Uint32Array(1)
  return { bucket, version: 0, moves: -1, looked: 0, admitted: 0, mask, inWord: new Int32Array(1), count: 0 }
}

function restart(view: BucketView): void {
  view.version = view.bucket.version
  view.looked = 0
  view.admitted = 0
  view.mask.fill(0)
  view.moves = -1
  view.count = 0
}

/** Counts the admitted slots of each word; true when any count is another than before. */
function sum(view: BucketView): boolean {
  const { bucket, mask, inWord } = view
  const { counts, words } = bucket
  let changed = false
  view.count = 0
  for (let w = 0; w < words; w++) {
    let count = 0
    for (let left = mask[w] as number; left !== 0; left &= left - 1) {
      count += counts[w * 32 + 31 - Math.clz32(left & -left)] as number
    }
    if (inWord[w] !== count) changed = true
    inWord[w] = count
    view.count += count
  }
  view.moves = bucket.moves
  return changed
}
