/**
 * A policy's fixed constraints, compiled against the cells of a pool: which places it admits, how many replicas they
 * hold, and where to begin when one of them is drawn.
 *
 * Kept in step exactly: before each decision it catches up with what came and left since its last one, so the same
 * replicas give the same draws whatever happened before. What only load changes is not here: see `static-rejection.ts`.
 */
import type { RejectionReason, RoutingPolicy } from '../placement.ts'
import { insertBit, removeBit } from './bits.ts'
import { CAME, COUNTED, LOGGED, type Bucket, type Cell } from './bucket.ts'
import { RECENT, type CellIndex } from './cell-index.ts'
import { ClassCheck } from './class-check.ts'
import { levelOf } from './price-level.ts'
import type { StaticPolicy } from './static-rejection.ts'

/** One bucket as the policy sees it. */
interface BucketView {
  bucket: Bucket
  /** `bucket.changes` that the view has followed; -1 = none. */
  changes: number
  admitted: number
  /** Bit set of admitted places, and admitted slots in each word. */
  mask: Int32Array
  inWord: Int32Array
  /** Its entries. */
  from: number
  to: number
}

/** An entry: eligible slots up to and with this word, the word's number in the arena, its admitted places, its slots. */
export const ENTRY = 4
export const AT_CUMULATIVE = 0
export const AT_WORD = 1
export const AT_MASK = 2
export const AT_COUNT = 3
/** Entries of a guide table, at most: with as many words, a search takes two steps. */
const GUIDES = 256
/** No word: behind the last. */
const NOWHERE = 2 ** 31 - 1
/** Before every entry: all of them are written again. */
const ANEW = -1
const NO_SLOTS = new Int32Array(0)

export class CompiledPolicy {
  eligible = 0
  /** Words that hold eligible slots in price order, `ENTRY` numbers each: see `AT_…`. */
  entries = new Int32Array(ENTRY * 16)
  entriesEnd = 0
  /** Where each price level begins in `entries`, cheapest first; the last one is `entriesEnd`. */
  levels = new Int32Array(16)
  levelCount = 0
  /** About where to search for eligible slot `n`: from `guide[n >>> guideShift]` on or before (Chen and Asau, 1974). */
  readonly guide = new Int32Array(GUIDES)
  guideShift = 0
  /** The last sample that was drawn of a large set, and the index's version then: see `recall.ts`. */
  drawn = NO_SLOTS
  drawnCount = 0
  drawnVersion = 0
  /** What the last decision on it found best, and the index's version then; -1 = none. */
  readonly best = new Int32Array(3).fill(-1)
  bestVersion = 0
  /** Why nothing is eligible, for `index.version`: see `why-none.ts`. */
  reason: RejectionReason | null = null
  reasonVersion = 0
  /** By class: 0 = not asked yet, else 1 + the code of what excludes it. */
  reasonByClass = new Uint8Array(0)
  readonly #views: BucketView[] = []
  readonly #check: ClassCheck
  readonly #levelIn: number
  readonly #levelOut: number
  #version = -RECENT

  constructor(policy: StaticPolicy & Pick<RoutingPolicy, 'maxPrice'>, modelHash: string | null, contextClass: number) {
    this.#check = new ClassCheck(policy, modelHash, contextClass)
    const { inPerMtok, outPerMtok } = policy.maxPrice
    this.#levelIn = inPerMtok === null ? Number.POSITIVE_INFINITY : levelOf(inPerMtok)
    this.#levelOut = outPerMtok === null ? Number.POSITIVE_INFINITY : levelOf(outPerMtok)
  }

  /** Brings the views in step with the cells. */
  refresh(index: CellIndex): void {
    if (this.#version !== index.version) this.#follow(index)
  }

  /** Whether the cell's replicas are among the eligible ones. */
  admits(cell: Cell, { classRows, classes }: CellIndex): boolean {
    if (cell.levelIn > this.#levelIn || cell.levelOut > this.#levelOut) return false
    return this.#check.admits(classRows, classes, cell.class.id)
  }

  #follow(index: CellIndex): void {
    const { buckets, version, recent } = index
    const views = this.#views
    const other = views.length !== buckets.length
    let first = other ? ANEW : NOWHERE
    if (other) this.#adopt(buckets)
    if (other || version - this.#version > RECENT) {
      for (const view of views) if (this.#catchUp(view, index)) first = Math.min(first, this.#patch(view))
    } else {
      for (let v = this.#version; v < version; v++) {
        const view = views[(recent[v % RECENT] as Bucket).rank] as BucketView
        if (this.#catchUp(view, index)) first = Math.min(first, this.#patch(view))
      }
    }
    this.#version = version
    if (first === ANEW || (first !== NOWHERE && !this.#sumUp(first))) this.#total()
  }

  /** Brings one view in step with its bucket; true when its entries are others. */
  #catchUp(view: BucketView, index: CellIndex): boolean {
    const { bucket } = view
    if (view.changes === bucket.changes) return false
    index.orderSlots(bucket)
    fit(view)
    const had = view.admitted
    const missed = bucket.changes - view.changes
    const one = view.changes < 0 || missed > LOGGED ? -1 : missed
    if (one === 1) this.#replayOne(view, index)
    else if (one < 0) this.#lookAtAll(view, index)
    else this.#replay(view, index)
    view.changes = bucket.changes
    return had > 0 || view.admitted > 0
  }

  /** The usual case: a single change, and counts follow without being summed. */
  #replayOne(view: BucketView, index: CellIndex): void {
    const { bucket, inWord } = view
    const at = view.changes % LOGGED
    const place = bucket.loggedPlace[at] as number
    if (bucket.logged[at] === COUNTED) return count(view, place >>> 5, place >>> 5)
    this.#shift(view, at, index)
    const first = place >>> 5
    count(view, first, first)
    // Behind it, each word has passed its last place on to the next, or has got the first of the next.
    const { length } = inWord
    if (bucket.logged[at] === CAME) {
      for (let w = first + 1; w < length; w++) {
        inWord[w] =
          (inWord[w] as number) + admittedAt(view, w * 32) - (w + 1 < length ? admittedAt(view, w * 32 + 32) : 0)
      }
    } else {
      for (let w = first + 1; w < length; w++) {
        inWord[w] = (inWord[w] as number) + admittedAt(view, w * 32 + 31) - admittedAt(view, w * 32 - 1)
      }
    }
  }

  #replay(view: BucketView, index: CellIndex): void {
    const { bucket } = view
    let low = view.mask.length
    for (let change = view.changes; change < bucket.changes; change++) {
      const at = change % LOGGED
      if (bucket.logged[at] !== COUNTED) this.#shift(view, at, index)
      low = Math.min(low, (bucket.loggedPlace[at] as number) >>> 5)
    }
    count(view, low, view.mask.length - 1)
  }

  /** A cell came or left: the places behind it shift. */
  #shift(view: BucketView, at: number, index: CellIndex): void {
    const { bucket, mask } = view
    const place = bucket.loggedPlace[at] as number
    if (bucket.logged[at] === CAME) {
      const admitted = this.admits(bucket.loggedCell[at] as Cell, index) ? 1 : 0
      insertBit(mask, mask.length, place, admitted)
      view.admitted += admitted
    } else {
      view.admitted -= ((mask[place >>> 5] as number) >>> (place & 31)) & 1
      removeBit(mask, mask.length, place)
    }
  }

  /** Writes the view's entries where they are, but for the sums; returns where it begins, or `ANEW` where that cannot do. */
  #patch(view: BucketView): number {
    const { entries } = this
    const { bucket, mask, inWord, from, to } = view
    const { words } = bucket
    const base = bucket.base >> 5
    let e = from
    for (let w = 0; w < words; w++) {
      const within = mask[w] as number
      if (within === 0) continue
      if (e === to || entries[e + AT_WORD] !== base + w) return ANEW
      entries[e + AT_MASK] = within
      entries[e + AT_COUNT] = inWord[w] as number
      e += ENTRY
    }
    return e === to ? from : ANEW
  }

  /** Sums from an entry on, once for all views that changed. False where the guide's steps have become too few. */
  #sumUp(first: number): boolean {
    const { entries, entriesEnd } = this
    let sum = first > 0 ? (entries[first - ENTRY] as number) : 0
    for (let e = first; e < entriesEnd; e += ENTRY) {
      sum += entries[e + AT_COUNT] as number
      entries[e] = sum
    }
    this.eligible = sum
    // The guide only says where to begin.
    return (sum - 1) >> this.guideShift < GUIDES
  }

  #total(): void {
    let words = 0
    for (const { bucket } of this.#views) words += bucket.words
    if (this.entries.length < (words + 1) * ENTRY) this.entries = new Int32Array((words + 1) * ENTRY * 2)
    if (this.levels.length <= this.#views.length) this.levels = new Int32Array(this.#views.length * 2)
    const { entries, levels } = this
    let eligible = 0
    let e = 0
    this.levelCount = 0
    for (const view of this.#views) {
      const { bucket, inWord, mask, admitted } = view
      view.from = view.to = e
      if (admitted === 0) continue
      const { words: end } = bucket
      const base = bucket.base >> 5
      levels[this.levelCount++] = e
      for (let w = 0; w < end; w++) {
        const within = mask[w] as number
        if (within === 0) continue
        eligible += inWord[w] as number
        entries[e + AT_CUMULATIVE] = eligible
        entries[e + AT_WORD] = base + w
        entries[e + AT_MASK] = within
        entries[e + AT_COUNT] = inWord[w] as number
        e += ENTRY
      }
      view.to = e
    }
    levels[this.levelCount] = e
    entries[e + AT_CUMULATIVE] = NOWHERE
    this.eligible = eligible
    this.entriesEnd = e
    this.#guideThrough()
  }

  #guideThrough(): void {
    const { entries, guide, eligible } = this
    let shift = 0
    while ((eligible - 1) >> shift >= GUIDES) shift++
    this.guideShift = shift
    let at = 0
    for (let g = 0, first = 0; first < eligible; g++, first += 1 << shift) {
      while ((entries[at] as number) <= first) at += ENTRY
      guide[g] = at
    }
  }

  #adopt(buckets: readonly Bucket[]): void {
    const known = new Map(this.#views.map((view) => [view.bucket, view]))
    this.#views.length = 0
    for (const bucket of buckets) this.#views.push(known.get(bucket) ?? viewOf(bucket))
  }

  #lookAtAll(view: BucketView, { classRows, classes: kinds }: CellIndex): void {
    const { mask, bucket } = view
    const { classes, levelsIn, levelsOut, cells } = bucket
    const check = this.#check
    mask.fill(0)
    view.admitted = 0
    for (let place = 0; place < cells.length; place++) {
      if ((levelsIn[place] as number) > this.#levelIn || (levelsOut[place] as number) > this.#levelOut) continue
      if (!check.admits(classRows, kinds, classes[place] as number)) continue
      mask[place >>> 5] = (mask[place >>> 5] as number) | (1 << (place & 31))
      view.admitted++
    }
    count(view, 0, mask.length - 1)
  }
}

function viewOf(bucket: Bucket): BucketView {
  const mask = new Int32Array(1)
  return { bucket, changes: -1, admitted: 0, mask, inWord: new Int32Array(1), from: 0, to: 0 }
}

/** Room for as many words as the bucket has, and for those that it had in between. */
function fit(view: BucketView): void {
  const size = view.bucket.size >> 5
  if (view.mask.length >= size) return
  const mask = new Int32Array(size)
  mask.set(view.mask)
  view.mask = mask
  const inWord = new Int32Array(size)
  inWord.set(view.inWord)
  view.inWord = inWord
}

/** Replicas at a place, if it is admitted. */
function admittedAt({ bucket, mask }: BucketView, place: number): number {
  const bit = ((mask[place >>> 5] as number) >>> (place & 31)) & 1
  return bit === 0 ? 0 : (bucket.counts[place] as number)
}

/** Counts the admitted slots of words [low, high]. */
function count(view: BucketView, low: number, high: number): void {
  const { bucket, mask, inWord } = view
  const { counts } = bucket
  for (let w = low; w <= high; w++) {
    let slots = 0
    for (let left = mask[w] as number; left !== 0; left &= left - 1) {
      slots += counts[w * 32 + 31 - Math.clz32(left & (~left + 1))] as number
    }
    inWord[w] = slots
  }
}
