/**
 * The cells of all buckets side by side in typed arrays, so that a draw goes from a policy's word to a slot through flat
 * arrays alone. Each bucket has a region of a power of two of places, whole words of bits, and sees it as its own arrays.
 */
import { Slab } from './slab.ts'

/** log2 of the smallest region: one word of bits. */
const REGION_MIN = 5

/** What a bucket has of the arena: where its region lies, and views of it by place and by word. */
export interface CellRegion {
  base: number
  size: number
  classes: Int32Array
  levelsIn: Int16Array
  levelsOut: Int16Array
  starts: Int32Array
  counts: Int32Array
  opens: Int32Array
  slacks: Int32Array
  openBits: Int32Array
  slackBits: Int32Array
}

export class CellArena {
  /** By place: id of the cell's class, price levels, start in the slab, replicas, open ones, ones with slack. */
  classes = new Int32Array(0)
  levelsIn = new Int16Array(0)
  levelsOut = new Int16Array(0)
  starts = new Int32Array(0)
  counts = new Int32Array(0)
  opens = new Int32Array(0)
  slacks = new Int32Array(0)
  /** By word of 32 places: which have open slots, which have slots with slack. */
  openBits = new Int32Array(0)
  slackBits = new Int32Array(0)
  /** Only hands out regions here. */
  readonly #regions = new Slab()
  readonly #buckets: CellRegion[] = []

  constructor() {
    this.#resize(1_024)
  }

  /** Gives a new bucket its first region. */
  adopt(bucket: CellRegion): void {
    bucket.base = this.#regions.take(REGION_MIN)
    bucket.size = 1 << REGION_MIN
    this.#buckets.push(bucket)
    this.#fit()
    this.#bind(bucket)
  }

  /** Moves a bucket to a region twice as large. */
  double(bucket: CellRegion): void {
    const { base: from, size } = bucket
    const log2 = 31 - Math.clz32(size)
    bucket.base = this.#regions.take(log2 + 1)
    bucket.size = size * 2
    this.#fit()
    for (const array of [
      this.classes,
      this.levelsIn,
      this.levelsOut,
      this.starts,
      this.counts,
      this.opens,
      this.slacks,
    ]) {
      array.copyWithin(bucket.base, from, from + size)
    }
    for (const bits of [this.openBits, this.slackBits]) {
      bits.copyWithin(bucket.base >> 5, from >> 5, (from + size) >> 5)
      bits.fill(0, (bucket.base + size) >> 5, (bucket.base + bucket.size) >> 5)
    }
    this.#regions.give(from, log2)
    this.#bind(bucket)
  }

  #fit(): void {
    const needed = this.#regions.end
    if (needed > this.counts.length) this.#resize(Math.max(needed, this.counts.length * 2))
  }

  #resize(size: number): void {
    const words = size >> 5
    this.classes = grown(this.classes, new Int32Array(size))
    this.levelsIn = grown(this.levelsIn, new Int16Array(size))
    this.levelsOut = grown(this.levelsOut, new Int16Array(size))
    this.starts = grown(this.starts, new Int32Array(size))
    this.counts = grown(this.counts, new Int32Array(size))
    this.opens = grown(this.opens, new Int32Array(size))
    this.slacks = grown(this.slacks, new Int32Array(size))
    this.openBits = grown(this.openBits, new Int32Array(words))
    this.slackBits = grown(this.slackBits, new Int32Array(words))
    for (const bucket of this.#buckets) this.#bind(bucket)
  }

  #bind(bucket: CellRegion): void {
    const { base } = bucket
    const end = base + bucket.size
    bucket.classes = this.classes.subarray(base, end)
    bucket.levelsIn = this.levelsIn.subarray(base, end)
    bucket.levelsOut = this.levelsOut.subarray(base, end)
    bucket.starts = this.starts.subarray(base, end)
    bucket.counts = this.counts.subarray(base, end)
    bucket.opens = this.opens.subarray(base, end)
    bucket.slacks = this.slacks.subarray(base, end)
    bucket.openBits = this.openBits.subarray(base >> 5, end >> 5)
    bucket.slackBits = this.slackBits.subarray(base >> 5, end >> 5)
  }
}

function grown<T extends Int32Array | Int16Array>(from: T, to: T): T {
  to.set(from)
  return to
}
