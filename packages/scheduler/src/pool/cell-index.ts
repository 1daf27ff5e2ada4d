/**
 * Cells: replicas with the same fixed attributes and nearly the same prices; cells of one price level form a bucket.
 *
 * Counters say how many slots of a cell are open and how many have slack, so that a decision finds the cheapest usable
 * replicas without looking at the others.
 * Order is by hash (of a cell's attributes, of a node's id), never by arrival, at every decision: cells are put in
 * their place as they come, replicas inside a cell when a policy next reads its bucket.
 */
import { invariant } from '@isochrone/domain'
import type { ReplicaOffer } from '../offer.ts'
import { CellArena } from './cell-arena.ts'
import { Bucket, type Cell, type CellClass } from './bucket.ts'
import { BucketDesk } from './bucket-desk.ts'
import { ATTRIBUTES, CLASS_ROW, CONTEXT_CLASS, valuesOf } from './class-check.ts'
import { OPEN, SLACK } from './columns.ts'
import { hashId } from './hash-id.ts'
import { blendedLevel, levelOf } from './price-level.ts'
import { Slab } from './slab.ts'

/** Arrivals and departures that a compiled policy catches up with one by one; after more it looks at every bucket. */
export const RECENT = 32
/** A row of `placed`: of four integers, so that none lies across two cache lines. */
export const PLACED = 4
export const PLACED_CLASS = 0
export const PLACED_LEVEL_IN = 1
export const PLACED_LEVEL_OUT = 2
/** What changed last is kept by the last bits of a slot: small enough to stay in the cache. */
const CHANGE_MARKS = 1_023

export class CellIndex {
  /** Cheapest first. */
  readonly buckets: Bucket[] = []
  /** By id. */
  readonly classes: CellClass[] = []
  /** Attributes by class, as numbers: see `class-check.ts`. */
  classRows = new Int32Array(64 * CLASS_ROW)
  /** Replicas by class. */
  classCounts = new Int32Array(64)
  readonly slab = new Slab()
  readonly arena = new CellArena()
  readonly desk = new BucketDesk()
  /** Changes whenever a replica arrives or leaves. */
  version = 1
  /** By slot: the version that its last arrival or departure made. */
  placedAt = new Float64Array(64)
  /** By slot: class and price levels of its cell, see `PLACED`. Who asks about one replica touches one line instead of objects. */
  placed = new Int32Array(64 * PLACED)
  /** The bucket in which version v became v + 1, at v modulo its length. */
  readonly recent: Bucket[] = []
  /** Its class by which it did, 1 + its id, negative where a replica left; at v modulo its length. */
  readonly recentClasses = new Int32Array(1_024)
  /** By the last bits of a slot: the version that the last arrival or departure among all slots with these bits made. */
  readonly #changedAt = new Float64Array(CHANGE_MARKS + 1)
  readonly #bucketByLevel = new Map<number, Bucket>()
  readonly #cellByKey = new Map<string, Cell>()
  readonly #classByKey = new Map<string, CellClass>()
  /** By attribute: numbers of the values seen. */
  readonly #numbers = Array.from({ length: ATTRIBUTES }, () => new Map<string, number>())
  readonly #nodeIdOf: (slot: number) => string
  #hashes = new Float64Array(64)
  readonly #cellOf: (Cell | undefined)[] = []

  constructor(nodeIdOf: (slot: number) => string) {
    this.#nodeIdOf = nodeIdOf
  }

  cellOf(slot: number): Cell {
    const cell = this.#cellOf[slot]
    invariant(cell, 'a live slot is in a cell')
    return cell
  }

  /** Every cell; none is empty. */
  cells(): IterableIterator<Cell> {
    return this.#cellByKey.values()
  }

  /** Puts a slot where its offer belongs, open and slack as `flags` say. */
  place(slot: number, offer: ReplicaOffer, flags: number): void {
    const levelIn = levelOf(offer.prices.inPerMtok)
    const levelOut = levelOf(offer.prices.outPerMtok)
    const kind = this.#classOf(offer)
    const key = `${levelIn}|${levelOut}|${kind.key}`
    const before = this.#cellOf[slot]
    if (before?.key === key) return
    if (before) this.remove(slot, flags)
    if (slot >= this.#hashes.length) {
      const hashes = new Float64Array(slot * 2)
      hashes.set(this.#hashes)
      this.#hashes = hashes
      const placedAt = new Float64Array(slot * 2)
      placedAt.set(this.placedAt)
      this.placedAt = placedAt
      const placed = new Int32Array(slot * 2 * PLACED)
      placed.set(this.placed)
      this.placed = placed
    }
    this.#hashes[slot] = hashId(offer.nodeId)
    const cell = this.#cellByKey.get(key) ?? this.#addCell(key, kind, levelIn, levelOut)
    const { bucket, place } = cell
    const count = bucket.counts[place] as number
    if (count === 2 ** cell.room) {
      bucket.starts[place] = this.slab.double(bucket.starts[place] as number, cell.room, count)
      cell.room++
    }
    this.slab.data[(bucket.starts[place] as number) + count] = slot
    if (cell.sorted === count) bucket.unsorted.push(cell)
    this.#cellOf[slot] = cell
    this.placed[slot * PLACED + PLACED_CLASS] = kind.id
    this.placed[slot * PLACED + PLACED_LEVEL_IN] = levelIn
    this.placed[slot * PLACED + PLACED_LEVEL_OUT] = levelOut
    this.#moved(cell, slot, 1)
    this.placedAt[slot] = this.version
    this.#flag(cell, 0, flags)
  }

  remove(slot: number, flags: number): void {
    const cell = this.cellOf(slot)
    this.#flag(cell, flags, 0)
    const { bucket, place } = cell
    const { data } = this.slab
    const start = bucket.starts[place] as number
    const end = start + (bucket.counts[place] as number)
    const at = data.indexOf(slot, start)
    invariant(at >= start && at < end, 'a slot is in its cell')
    data.copyWithin(at, at + 1, end)
    if (at - start < cell.sorted) cell.sorted--
    this.#cellOf[slot] = undefined
    this.#moved(cell, slot, -1)
    this.placedAt[slot] = this.version
    if (bucket.counts[place] !== 0) return
    bucket.remove(cell)
    this.#cellByKey.delete(cell.key)
    this.slab.give(start, cell.room)
  }

  /**
   * Whether the slot came or left after a version. Mostly no slot with these bits did; asking by slot alone would be a cache
   * miss for each candidate of a large fleet.
   */
  hasChanged(slot: number, since: number): boolean {
    return (this.#changedAt[slot & CHANGE_MARKS] as number) > since && (this.placedAt[slot] as number) > since
  }

  /** A slot's flags changed. */
  reflag(slot: number, before: number, after: number): void {
    if (((before ^ after) & (OPEN | SLACK)) !== 0) this.#flag(this.cellOf(slot), before, after)
  }

  /** Sorts what arrived in the cells of a bucket. */
  orderSlots(bucket: Bucket): void {
    const { unsorted } = bucket
    if (unsorted.length === 0) return
    for (const cell of unsorted) {
      // A cell may have gone since, and then its place is another's.
      if (bucket.cells[cell.place] === cell && cell.sorted !== bucket.counts[cell.place]) this.#orderSlots(cell)
    }
    unsorted.length = 0
  }

  #orderSlots(cell: Cell): void {
    const { bucket, place } = cell
    const start = bucket.starts[place] as number
    const count = bucket.counts[place] as number
    const slots = this.slab.data.subarray(start, start + count)
    const hashes = this.#hashes
    const nodeIdOf = this.#nodeIdOf
    const compare = (a: number, b: number): number =>
      (hashes[a] as number) - (hashes[b] as number) || (nodeIdOf(a) < nodeIdOf(b) ? -1 : 1)
    if (count - cell.sorted > 8) slots.sort(compare)
    else for (let i = cell.sorted; i < count; i++) insertInOrder(slots, i, compare)
    cell.sorted = count
  }

  #moved(cell: Cell, slot: number, by: number): void {
    const { id } = cell.class
    this.classCounts[id] = (this.classCounts[id] as number) + by
    cell.bucket.counted(cell, by)
    this.recentClasses[this.version % this.recentClasses.length] = by * (id + 1)
    this.recent[this.version++ % RECENT] = cell.bucket
    this.#changedAt[slot & CHANGE_MARKS] = this.version
  }

  #flag(cell: Cell, before: number, after: number): void {
    const open = (after & OPEN) - (before & OPEN)
    const slack = ((after & SLACK) - (before & SLACK)) >> 1
    if (open !== 0 || slack !== 0) cell.bucket.flagged(cell.place, open, slack)
  }

  #classOf(offer: ReplicaOffer): CellClass {
    const { country, region, trust, dataPolicy, gpuClass, modelHash, features } = offer
    const contextClass = Math.floor(Math.log2(Math.max(1, offer.contextTokensMax)))
    // JSON keeps the parts apart: what a provider calls its region cannot stand for another offer's attributes.
    const key = JSON.stringify([
      country,
      region,
      offer.tier,
      trust,
      dataPolicy,
      gpuClass,
      contextClass,
      features ?? null,
      modelHash,
    ])
    const known = this.#classByKey.get(key)
    if (known) return known
    const id = this.classes.length
    const made: CellClass = { id, key, country, region, trust, dataPolicy, gpuClass, modelHash, features, contextClass }
    this.classes.push(made)
    if (id === this.classCounts.length) {
      const counts = new Int32Array(id * 2)
      counts.set(this.classCounts)
      this.classCounts = counts
      const rows = new Int32Array(id * 2 * CLASS_ROW)
      rows.set(this.classRows)
      this.classRows = rows
    }
    for (const [attribute, value] of valuesOf(made).entries()) {
      const numbers = this.#numbers[attribute] as Map<string, number>
      const number = numbers.get(value) ?? numbers.size
      numbers.set(value, number)
      this.classRows[id * CLASS_ROW + attribute] = number
    }
    this.classRows[id * CLASS_ROW + CONTEXT_CLASS] = contextClass
    this.#classByKey.set(key, made)
    return made
  }

  #addCell(key: string, kind: CellClass, levelIn: number, levelOut: number): Cell {
    const bucket = this.#bucketAt(blendedLevel(levelIn, levelOut))
    const cell: Cell = { key, hash: hashId(key), class: kind, levelIn, levelOut, bucket, place: 0, sorted: 0, room: 0 }
    this.#cellByKey.set(key, cell)
    bucket.insert(cell, this.slab.take(0))
    return cell
  }

  #bucketAt(level: number): Bucket {
    const known = this.#bucketByLevel.get(level)
    if (known) return known
    const bucket = new Bucket(level, this.arena)
    this.#bucketByLevel.set(level, bucket)
    this.buckets.push(bucket)
    this.buckets.sort((a, b) => a.level - b.level)
    for (const [rank, each] of this.buckets.entries()) each.rank = rank
    return bucket
  }
}

function insertInOrder(slots: Int32Array, at: number, compare: (a: number, b: number) => number): void {
  const slot = slots[at] as number
  let low = 0
  let high = at
  while (low < high) {
    const middle = (low + high) >>> 1
    if (compare(slots[middle] as number, slot) < 0) low = middle + 1
    else high = middle
  }
  slots.copyWithin(low + 1, low, at)
  slots[low] = slot
}
