/**
 * Where a policy works out which places of one bucket it admits, and how many replicas they hold: one desk for all
 * policies of a pool, because what a policy keeps itself is only its entries. Nothing stays on it from one bucket to the
 * next.
 */
import { insertBit, removeBit } from './bits.ts'
import type { Bucket } from './bucket.ts'

export class BucketDesk {
  /** Words in use. */
  words = 0
  /** Bit set of admitted places, and admitted replicas in each word. */
  mask = new Int32Array(64)
  inWord = new Int32Array(64)
  #bucket: Bucket | null = null

  /** Clears the desk for a bucket of which the last `missed` changes are to be followed: it may have had more cells in between. */
  take(bucket: Bucket, missed: number): void {
    const words = (bucket.cells.length + missed + 31) >>> 5
    if (words > this.mask.length) {
      this.mask = new Int32Array(words * 2)
      this.inWord = new Int32Array(words * 2)
    }
    const { mask, inWord } = this
    for (let w = 0; w < words; w++) mask[w] = inWord[w] = 0
    this.words = words
    this.#bucket = bucket
  }

  admit(place: number): void {
    const { mask } = this
    mask[place >>> 5] = (mask[place >>> 5] as number) | (1 << (place & 31))
  }

  isAdmitted(place: number): boolean {
    return (((this.mask[place >>> 5] as number) >>> (place & 31)) & 1) === 1
  }

  /** A cell came to a place, and those behind it moved on. */
  insert(place: number, admitted: boolean): void {
    insertBit(this.mask, this.words, place, admitted ? 1 : 0)
  }

  /** The cell at a place left, and those behind it moved up. */
  remove(place: number): void {
    removeBit(this.mask, this.words, place)
  }

  /** Counts the admitted replicas of words [low, high). */
  count(low: number, high: number): void {
    const { mask, inWord } = this
    const { counts } = this.#bucket as Bucket
    for (let w = low; w < high; w++) inWord[w] = countWord(counts, w, mask[w] as number)
  }

  /**
   * Counts the words from `first` on where the only change was that a cell came there: each word behind it has passed its
   * last place on and got the last one of the word before.
   */
  countInserted(first: number): void {
    const { inWord, words } = this
    this.count(first, first + 1)
    for (let w = first + 1; w < words; w++) {
      inWord[w] = (inWord[w] as number) + this.#at(w * 32) - (w + 1 < words ? this.#at(w * 32 + 32) : 0)
    }
  }

  /** The same where a cell left: each word behind it has passed its first place on and got the first one of the next. */
  countRemoved(first: number): void {
    const { inWord, words } = this
    this.count(first, first + 1)
    for (let w = first + 1; w < words; w++) {
      inWord[w] = (inWord[w] as number) + this.#at(w * 32 + 31) - this.#at(w * 32 - 1)
    }
  }

  /** Replicas at a place, if it is admitted. */
  #at(place: number): number {
    return this.isAdmitted(place) ? ((this.#bucket as Bucket).counts[place] as number) : 0
  }
}

/** Replicas at the places of a word that are in the mask. */
export function countWord(counts: Int32Array, word: number, mask: number): number {
  let slots = 0
  for (let left = mask; left !== 0; left &= left - 1) {
    slots += counts[word * 32 + 31 - Math.clz32(left & (~left + 1))] as number
  }
  return slots
}
