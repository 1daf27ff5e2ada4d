/**
 * Cells: replicas with the same fixed attributes and about the same price. Cells of one price bucket form a bucket.
 *
 * Counters say how many slots of a cell are open and how many have slack, and two bit sets per bucket say which of its
 * cells have any, so that a decision finds the cheapest usable replicas without looking at the others.
 * Order is canonical everywhere (attributes, then hashed node id): the order of arrival changes nothing.
 */
import { invariant } from '@isochrone/domain'
import type { ReplicaOffer } from '../offer.ts'
import { OPEN, SLACK } from './columns.ts'
import { hashId } from './hash-id.ts'

/** The attributes that a policy's fixed constraints look at. */
export interface CellClass {
  id: number
  key: string
  country: string
  region: string
  trust: ReplicaOffer['trust']
  dataPolicy: ReplicaOffer['dataPolicy']
  gpuClass: string
  modelHash: string
  /** ⌊log2⌋ of the longest context. */
  contextClass: number
}

export interface Cell {
  id: number
  key: string
  class: CellClass
  bucket: Bucket
  /** Its place in the bucket: the bit of the bucket's sets. */
  place: number
  slots: Int32Array
  count: number
  /** Slots [0, sorted) are in order of hashed id. */
  sorted: number
  open: number
  slack: number
  /** Lowest prices of its replicas: a cap below both admits none of them. */
  minIn: number
  minOut: number
  minsStale: boolean
}

export interface Bucket {
  id: number
  cells: Cell[]
  /** Changes with the cells and their sizes. */
  version: number
  ordered: boolean
  open: number
  slack: number
  openBits: Uint32Array
  slackBits: Uint32Array
}

/** Buckets are this wide, as a natural logarithm: 12 %. */
const BUCKET_WIDTH = Math.log(1.12)
const BUCKETS_MAX = 256

export class CellIndex {
  /** Non-empty buckets, cheapest first. */
  readonly buckets: Bucket[] = []
  readonly cells: (Cell | undefined)[] = []
  readonly classes: CellClass[] = []
  /** Changes whenever any bucket's version does. */
  version = 1
  readonly #bucketById = new Map<number, Bucket>()
  readonly #cellByKey = new Map<string, Cell>()
  readonly #classByKey = new Map<string, CellClass>()
  readonly #freeCellIds: number[] = []
  readonly #nodeIdOf: (slot: number) => string
  #hashes = new Float64Array(64)
  #cellOf = new Int32Array(64).fill(-1)

  constructor(nodeIdOf: (slot: number) => string) {
    this.#nodeIdOf = nodeIdOf
  }

  cellOf(slot: number): Cell {
    const cell = this.cells[this.#cellOf[slot] ?? -1]
    invariant(cell, 'a live slot is in a cell')
    return cell
  }

  /** Puts a slot where its offer belongs, open and slack as `flags` say. True when it moved to another cell. */
  place(slot: number, offer: ReplicaOffer, flags: number): boolean {
    if (slot >= this.#cellOf.length) this.#grow(slot)
    const bucketId = bucketOf(offer)
    const kind = this.#classOf(offer)
    const key = `${bucketId}|${kind.key}`
    const before = this.cells[this.#cellOf[slot] ?? -1]
    if (before?.key === key) {
      before.minsStale = true
      this.#touch(before.bucket)
      return false
    }
    if (before) this.remove(slot, flags)
    this.#hashes[slot] = hashId(offer.nodeId)
    const cell = this.#cellByKey.get(key) ?? this.#addCell(key, kind, bucketId)
    if (cell.count === cell.slots.length) {
      const grown = new Int32Array(cell.count * 2)
      grown.set(cell.slots)
      cell.slots = grown
    }
    cell.slots[cell.count++] = slot
    cell.minIn = Math.min(cell.minIn, offer.prices.inPerMtok)
    cell.minOut = Math.min(cell.minOut, offer.prices.outPerMtok)
    this.#cellOf[slot] = cell.id
    this.#touch(cell.bucket)
    this.#count(cell, 0, flags)
    return true
  }

  remove(slot: number, flags: number): void {
    const cell = this.cellOf(slot)
    this.#count(cell, flags, 0)
    const at = cell.slots.indexOf(slot)
    invariant(at >= 0 && at < cell.count, 'a slot is in its cell')
    cell.slots.copyWithin(at, at + 1, cell.count)
    cell.count--
    if (at < cell.sorted) cell.sorted--
    cell.minsStale = true
    this.#cellOf[slot] = -1
    this.#touch(cell.bucket)
    if (cell.count === 0) this.#removeCell(cell)
  }

  /** A slot's flags changed. */
  reflag(slot: number, before: number, after: number): void {
    if (((before ^ after) & (OPEN | SLACK)) !== 0) this.#count(this.cellOf(slot), before, after)
  }

  /** Sorts what arrived since the last decision. */
  ordered(cell: Cell): Int32Array {
    if (cell.sorted !== cell.count) {
      const hashes = this.#hashes
      const nodeIdOf = this.#nodeIdOf
      const compare = (a: number, b: number): number =>
        (hashes[a] as number) - (hashes[b] as number) || (nodeIdOf(a) < nodeIdOf(b) ? -1 : 1)
      if (cell.count - cell.sorted > 8) cell.slots.subarray(0, cell.count).sort(compare)
      else for (let i = cell.sorted; i < cell.count; i++) insertInOrder(cell.slots, i, compare)
      cell.sorted = cell.count
    }
    return cell.slots
  }

  /** The bucket's cells in canonical order, their bits in step. */
  orderedCells(bucket: Bucket): readonly Cell[] {
    if (bucket.ordered) return bucket.cells
    bucket.cells.sort((a, b) => (a.key < b.key ? -1 : 1))
    const words = (bucket.cells.length + 31) >>> 5
    if (bucket.openBits.length < words) {
      bucket.openBits = new Uint32Array(words * 2)
      bucket.slackBits = new Uint32Array(words * 2)
    } else {
      bucket.openBits.fill(0)
      bucket.slackBits.fill(0)
    }
    bucket.ordered = true
    bucket.cells.forEach((cell, place) => {
      cell.place = place
      setBit(bucket.openBits, place, cell.open > 0)
      setBit(bucket.slackBits, place, cell.slack > 0)
    })
    return bucket.cells
  }

  /** Recomputes the lowest prices of a cell after a change. */
  refreshMins(cell: Cell, offerAt: (slot: number) => ReplicaOffer): void {
    if (!cell.minsStale) return
    cell.minIn = cell.minOut = Number.POSITIVE_INFINITY
    for (let i = 0; i < cell.count; i++) {
      const { prices } = offerAt(cell.slots[i] as number)
      cell.minIn = Math.min(cell.minIn, prices.inPerMtok)
      cell.minOut = Math.min(cell.minOut, prices.outPerMtok)
    }
    cell.minsStale = false
  }

  #touch(bucket: Bucket): void {
    bucket.version++
    this.version++
  }

  #count(cell: Cell, before: number, after: number): void {
    const open = (after & OPEN) - (before & OPEN)
    const slack = ((after & SLACK) - (before & SLACK)) >> 1
    const { bucket } = cell
    if (open !== 0) {
      cell.open += open
      bucket.open += open
      if (bucket.ordered) setBit(bucket.openBits, cell.place, cell.open > 0)
    }
    if (slack !== 0) {
      cell.slack += slack
      bucket.slack += slack
      if (bucket.ordered) setBit(bucket.slackBits, cell.place, cell.slack > 0)
    }
  }

  #classOf(offer: ReplicaOffer): CellClass {
    const { country, region, trust, dataPolicy, gpuClass, modelHash } = offer
    const contextClass = Math.floor(Math.log2(Math.max(1, offer.contextTokensMax)))
    const key = `${country}|${region}|${offer.tier}|${trust}|${dataPolicy}|${gpuClass}|${contextClass}|${modelHash}`
    const known = this.#classByKey.get(key)
    if (known) return known
    const id = this.classes.length
    const made: CellClass = { id, key, country, region, trust, dataPolicy, gpuClass, modelHash, contextClass }
    this.classes.push(made)
    this.#classByKey.set(key, made)
    return made
  }

  #addCell(key: string, kind: CellClass, bucketId: number): Cell {
    const bucket = this.#bucketById.get(bucketId) ?? this.#addBucket(bucketId)
    const id = this.#freeCellIds.pop() ?? this.cells.length
    const cell: Cell = {
      id,
      key,
      class: kind,
      bucket,
      place: bucket.cells.length,
      slots: new Int32Array(4),
      count: 0,
      sorted: 0,
      open: 0,
      slack: 0,
      minIn: Number.POSITIVE_INFINITY,
      minOut: Number.POSITIVE_INFINITY,
      minsStale: false,
    }
    this.cells[id] = cell
    this.#cellByKey.set(key, cell)
    bucket.cells.push(cell)
    bucket.ordered = false
    return cell
  }

  #removeCell(cell: Cell): void {
    const { bucket } = cell
    bucket.cells.splice(bucket.cells.indexOf(cell), 1)
    bucket.ordered = false
    this.cells[cell.id] = undefined
    this.#freeCellIds.push(cell.id)
    this.#cellByKey.delete(cell.key)
  }

  #addBucket(id: number): Bucket {
    const bits = (): Uint32Array => new Uint32Array(1)
    const bucket: Bucket = {
      id,
      cells: [],
      version: 1,
      ordered: false,
      open: 0,
      slack: 0,
      openBits: bits(),
      slackBits: bits(),
    }
    this.#bucketById.set(id, bucket)
    this.buckets.push(bucket)
    this.buckets.sort((a, b) => a.id - b.id)
    return bucket
  }

  #grow(slot: number): void {
    const size = Math.max(slot + 1, this.#cellOf.length * 2)
    const cellOf = new Int32Array(size).fill(-1)
    cellOf.set(this.#cellOf)
    this.#cellOf = cellOf
    const hashes = new Float64Array(size)
    hashes.set(this.#hashes)
    this.#hashes = hashes
  }
}

/** Three tokens in for one out is a usual mix; only the order of buckets depends on it, never a price. */
function bucketOf({ prices }: ReplicaOffer): number {
  const blended = Math.max(1, prices.inPerMtok * 3 + prices.outPerMtok)
  return Math.min(BUCKETS_MAX - 1, Math.floor(Math.log(blended) / BUCKET_WIDTH))
}

function setBit(words: Uint32Array, place: number, on: boolean): void {
  const word = place >>> 5
  const bit = 1 << (place & 31)
  words[word] = on ? (words[word] as number) | bit : (words[word] as number) & ~bit
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
