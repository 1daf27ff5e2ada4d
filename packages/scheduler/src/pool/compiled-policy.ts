/**
 * A policy's fixed constraints, compiled against the cells of a pool: which places it admits, how many replicas they
 * hold, and where to begin when one of them is drawn.
 *
 * Kept in step exactly: before each decision it catches up with what came and left since its last one, so the same
 * replicas give the same draws whatever happened before. What only load changes is not here: see `static-rejection.ts`.
 */
import type { RejectionReason, RoutingPolicy } from '../placement.ts'
import { CAME, COUNTED, LEFT, LOGGED, type Bucket, type Cell } from './bucket.ts'
import { countWord, type BucketDesk } from './bucket-desk.ts'
import { PLACED, PLACED_CLASS, PLACED_LEVEL_IN, PLACED_LEVEL_OUT, RECENT, type CellIndex } from './cell-index.ts'
import { ClassCheck } from './class-check.ts'
import { levelOf } from './price-level.ts'
import type { StaticPolicy } from './static-rejection.ts'

/** An entry: eligible slots up to and with this word, the word's number in the arena, its admitted places, its slots. */
export const ENTRY = 4
export const AT_CUMULATIVE = 0
export const AT_WORD = 1
export const AT_MASK = 2
export const AT_COUNT = 3
/** Entries of a guide table, at most: with as many words, a search takes two steps. */
const GUIDES = 256
/** Entries that may have come or gone since the guide was made: so many steps more a search may take. */
const DRIFT_MAX = 8
/** No word: behind the last. */
const NOWHERE = 2 ** 31 - 1
/** No replica. */
export const NO_SLOT = -1
const NO_SLOTS = new Int32Array(0)
const NO_COUNTS = new Uint32Array(0)

/** Fields that every decision reads stand first, side by side: of a thousand policies, most are not in the cache. */
export class CompiledPolicy {
  eligible = 0
  /** The last sample that was drawn of a large set, and the index's version then: see `recall.ts`. */
  drawnCount = 0
  drawnVersion = 0
  drawn = NO_SLOTS
  /** What the last decision on it found best, and the index's version then; `NO_SLOT` = none. */
  best0 = NO_SLOT
  best1 = NO_SLOT
  best2 = NO_SLOT
  bestVersion = 0
  /** Words that hold eligible slots in price order, `ENTRY` numbers each: see `AT_…`. Behind them all sums are `NOWHERE`. */
  entries = new Int32Array(ENTRY * 16).fill(NOWHERE)
  entriesEnd = 0
  /** Where the entries of each bucket end, cheapest first; those of a bucket begin where those of the one before end. */
  ends = new Int32Array(0)
  /** About where to search for eligible slot `n`: from `guide[n >>> guideShift]` on or before (Chen and Asau, 1974). */
  readonly guide = new Int32Array(GUIDES)
  guideShift = 0
  /** Why nothing is eligible, for `index.version`: see `why-none.ts`. */
  reason: RejectionReason | null = null
  reasonVersion = 0
  /** By class: 0 = not asked yet, else 1 + the code of what excludes it. */
  reasonByClass = new Uint8Array(0)
  #buckets: readonly Bucket[] = []
  /** By bucket: its `changes` that were followed, -1 = none, and the word of the arena at which it began then. */
  #changes = new Float64Array(0)
  #bases = new Int32Array(0)
  /** Entries that came or went since the guide was made. */
  #drift = 0
  readonly #check: ClassCheck
  readonly #levelIn: number
  readonly #levelOut: number
  #version = -RECENT
  /** How many replicas its constraints exclude, by code of the first that does (see `count-excluded.ts`), and the index's version then; 0 = not counted. */
  excluded = NO_COUNTS
  excludedVersion = 0
  /** A class whose context is certainly shorter is not admitted, tokens. */
  readonly contextTokensMin: number

  constructor(policy: StaticPolicy & Pick<RoutingPolicy, 'maxPrice'>, modelHash: string | null, contextClass: number) {
    this.#check = new ClassCheck(policy, modelHash, contextClass)
    this.contextTokensMin = 2 ** contextClass
    const { inPerMtok, outPerMtok } = policy.maxPrice
    this.#levelIn = inPerMtok === null ? Number.POSITIVE_INFINITY : levelOf(inPerMtok)
    this.#levelOut = outPerMtok === null ? Number.POSITIVE_INFINITY : levelOf(outPerMtok)
  }

  /** Brings the entries in step with the cells. */
  refresh(index: CellIndex): void {
    if (this.#version !== index.version) this.#follow(index)
  }

  /** Whether the cell's replicas are among the eligible ones. */
  admits(cell: Cell, { classRows, classes }: CellIndex): boolean {
    if (cell.levelIn > this.#levelIn || cell.levelOut > this.#levelOut) return false
    return this.#check.admits(classRows, classes, cell.class.id)
  }

  /** Reads what `admitsSlot` begins with, so that it does not wait for memory a little later. */
  touch(): number {
    return this.#check.touch()
  }

  /** Whether a live slot is among the eligible ones. */
  admitsSlot(slot: number, { placed, classRows, classes }: CellIndex): boolean {
    const at = slot * PLACED
    if ((placed[at + PLACED_LEVEL_IN] as number) > this.#levelIn) return false
    if ((placed[at + PLACED_LEVEL_OUT] as number) > this.#levelOut) return false
    return this.#check.admits(classRows, classes, placed[at + PLACED_CLASS] as number)
  }

  #follow(index: CellIndex): void {
    const { buckets, version, recent } = index
    const since = this.#version
    this.#version = version
    const other = this.#buckets.length !== buckets.length
    if (other) this.#adopt(buckets)
    const all = other || version - since > RECENT
    let first = NOWHERE
    let last = -1
    const end = all ? buckets.length : version
    for (let v = all ? 0 : since; v < end; v++) {
      const rank = all ? v : (recent[v % RECENT] as Bucket).rank
      if (!this.#catchUp(rank, index)) continue
      if (rank < first) first = rank
      if (rank > last) last = rank
    }
    if (last < 0) return
    this.#sumUp(first, this.ends[last] as number)
    if (this.#drift > DRIFT_MAX || (this.eligible - 1) >> this.guideShift >= GUIDES) this.#guideThrough()
  }

  /** Brings the entries of one bucket in step with it, but for the sums; true when they are others. */
  #catchUp(rank: number, index: CellIndex): boolean {
    const bucket = this.#buckets[rank] as Bucket
    const followed = this.#changes[rank] as number
    const { changes } = bucket
    if (followed === changes) return false
    this.#changes[rank] = changes
    index.orderSlots(bucket)
    const missed = changes - followed
    const at = followed % LOGGED
    if (missed === 1 && followed >= 0 && bucket.logged[at] === COUNTED) {
      return this.#recount(rank, bucket.loggedPlace[at] as number)
    }
    const { desk } = index
    if (followed < 0 || missed > LOGGED) {
      desk.take(bucket, 0)
      this.#lookAtAll(desk, bucket, index)
    } else {
      desk.take(bucket, missed)
      this.#unpack(rank, desk)
      if (missed === 1) this.#replayOne(desk, bucket, at, index)
      else this.#replay(desk, bucket, followed, index)
    }
    return this.#pack(rank, desk)
  }

  /** A replica more or less at a place that was there before: the usual case, and a single entry changes. */
  #recount(rank: number, place: number): boolean {
    const { entries } = this
    const bucket = this.#buckets[rank] as Bucket
    const word = place >>> 5
    const wanted = (bucket.base >> 5) + word
    const to = this.ends[rank] as number
    for (let e = this.#beginOf(rank); e < to; e += ENTRY) {
      if (entries[e + AT_WORD] !== wanted) continue
      const mask = entries[e + AT_MASK] as number
      if (((mask >>> (place & 31)) & 1) === 0) return false
      entries[e + AT_COUNT] = countWord(bucket.counts, word, mask)
      return true
    }
    return false
  }

  /** A cell that came or left, and nothing else: counts follow without being summed. */
  #replayOne(desk: BucketDesk, bucket: Bucket, at: number, index: CellIndex): void {
    const word = (bucket.loggedPlace[at] as number) >>> 5
    this.#shift(desk, bucket, at, index)
    if (bucket.logged[at] === LEFT) desk.countRemoved(word)
    else desk.countInserted(word)
  }

  #replay(desk: BucketDesk, bucket: Bucket, followed: number, index: CellIndex): void {
    // Where the first cell came or left: from its word on, everything is counted at the end.
    let low = desk.words
    for (let change = followed; change < bucket.changes; change++) {
      const at = change % LOGGED
      const word = (bucket.loggedPlace[at] as number) >>> 5
      if (bucket.logged[at] !== COUNTED) {
        this.#shift(desk, bucket, at, index)
        if (word < low) low = word
      } else if (word < low) desk.count(word, word + 1)
    }
    desk.count(low, desk.words)
  }

  /** A cell came or left: the places behind it shift. */
  #shift(desk: BucketDesk, bucket: Bucket, at: number, index: CellIndex): void {
    const place = bucket.loggedPlace[at] as number
    if (bucket.logged[at] === CAME) desk.insert(place, this.admits(bucket.loggedCell[at] as Cell, index))
    else desk.remove(place)
  }

  #lookAtAll(desk: BucketDesk, bucket: Bucket, { classRows, classes: kinds }: CellIndex): void {
    const { classes, levelsIn, levelsOut, cells } = bucket
    const check = this.#check
    for (let place = 0; place < cells.length; place++) {
      if ((levelsIn[place] as number) > this.#levelIn || (levelsOut[place] as number) > this.#levelOut) continue
      if (check.admits(classRows, kinds, classes[place] as number)) desk.admit(place)
    }
    desk.count(0, desk.words)
  }

  /** Lays a bucket's entries on the desk. */
  #unpack(rank: number, { mask, inWord }: BucketDesk): void {
    const { entries } = this
    const base = this.#bases[rank] as number
    const to = this.ends[rank] as number
    for (let e = this.#beginOf(rank); e < to; e += ENTRY) {
      const word = (entries[e + AT_WORD] as number) - base
      mask[word] = entries[e + AT_MASK] as number
      inWord[word] = entries[e + AT_COUNT] as number
    }
  }

  /** Writes what lies on the desk as the bucket's entries, those behind them moved. False where there were none and are none. */
  #pack(rank: number, { mask, inWord, words }: BucketDesk): boolean {
    const from = this.#beginOf(rank)
    const to = this.ends[rank] as number
    let end = from
    for (let w = 0; w < words; w++) if (mask[w] !== 0) end += ENTRY
    if (end !== to) this.#move(rank, to, end - to)
    const { entries } = this
    const base = (this.#buckets[rank] as Bucket).base >> 5
    this.#bases[rank] = base
    for (let w = 0, e = from; e < end; w++) {
      const within = mask[w] as number
      if (within === 0) continue
      entries[e + AT_WORD] = base + w
      entries[e + AT_MASK] = within
      entries[e + AT_COUNT] = inWord[w] as number
      e += ENTRY
    }
    return end > from || to > from
  }

  /** Moves the entries from `at` on, which is where those of the bucket end. */
  #move(rank: number, at: number, by: number): void {
    const before = this.entriesEnd
    const after = before + by
    if (after + ENTRY > this.entries.length) {
      const grown = new Int32Array((after + ENTRY) * 2).fill(NOWHERE)
      grown.set(this.entries)
      this.entries = grown
    }
    const { entries, ends } = this
    entries.copyWithin(at + by, at, before)
    for (let e = after; e < before; e += ENTRY) entries[e] = NOWHERE
    this.entriesEnd = after
    for (let later = rank; later < ends.length; later++) ends[later] = (ends[later] as number) + by
    this.#drift += Math.abs(by) / ENTRY
  }

  /**
   * Sums from the first bucket that changed on; the last one that did ends at `last`. Behind it the sums are what they
   * were where a replica has only moved.
   */
  #sumUp(firstRank: number, last: number): void {
    const { entries, entriesEnd } = this
    const first = this.#beginOf(firstRank)
    let sum = first > 0 ? (entries[first - ENTRY] as number) : 0
    for (let e = first; e < entriesEnd; e += ENTRY) {
      sum += entries[e + AT_COUNT] as number
      if (e >= last && entries[e] === sum) return
      entries[e] = sum
    }
    this.eligible = sum
  }

  /** The guide only says where to begin: it may be some entries off, and no search ends elsewhere for it. */
  #guideThrough(): void {
    const { entries, guide, eligible } = this
    let shift = 0
    while ((eligible - 1) >> shift >= GUIDES) shift++
    this.guideShift = shift
    this.#drift = 0
    let at = 0
    for (let g = 0, first = 0; first < eligible; g++, first += 1 << shift) {
      while ((entries[at] as number) <= first) at += ENTRY
      guide[g] = at
    }
  }

  #beginOf(rank: number): number {
    return rank > 0 ? (this.ends[rank - 1] as number) : 0
  }

  /** Price levels that nobody had before came among the buckets. */
  #adopt(buckets: readonly Bucket[]): void {
    const known = this.#buckets
    const ends = new Int32Array(buckets.length)
    const changes = new Float64Array(buckets.length).fill(-1)
    const bases = new Int32Array(buckets.length)
    let k = 0
    for (const [rank, bucket] of buckets.entries()) {
      if (bucket === known[k]) {
        changes[rank] = this.#changes[k] as number
        bases[rank] = this.#bases[k] as number
        k++
      }
      ends[rank] = k > 0 ? (this.ends[k - 1] as number) : 0
    }
    this.#buckets = [...buckets]
    this.ends = ends
    this.#changes = changes
    this.#bases = bases
  }
}
