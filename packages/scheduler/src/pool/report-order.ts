/**
 * Slots in order of when their last report was taken, as a linked list in typed arrays: what has gone stale is at the
 * head, so nobody has to look at a whole fleet to find it.
 */
const NONE = -1
/** Reports come nearly in order. One that is older than this many others is not listed. */
const STEPS_MAX = 32

export class ReportOrder {
  #next = new Int32Array(64).fill(NONE)
  #previous = new Int32Array(64).fill(NONE)
  #listed = new Uint8Array(64)
  #at = new Float64Array(64)
  #head = NONE
  #tail = NONE

  /** The slot whose report is oldest, or -1. */
  get oldest(): number {
    return this.#head
  }

  /** Puts the slot where a report of that time belongs. False: too far back; it is not listed. */
  put(slot: number, atMs: number): boolean {
    if (slot >= this.#next.length) this.#grow(slot)
    this.#at[slot] = atMs
    if (slot === this.#tail) {
      const before = this.#previous[slot] as number
      if (before === NONE || (this.#at[before] as number) <= atMs) return true
    }
    this.remove(slot)
    let before = this.#tail
    for (let step = 0; before !== NONE && (this.#at[before] as number) > atMs; step++) {
      if (step === STEPS_MAX) return false
      before = this.#previous[before] as number
    }
    const after = before === NONE ? this.#head : (this.#next[before] as number)
    this.#listed[slot] = 1
    this.#previous[slot] = before
    this.#next[slot] = after
    if (before === NONE) this.#head = slot
    else this.#next[before] = slot
    if (after === NONE) this.#tail = slot
    else this.#previous[after] = slot
    return true
  }

  has(slot: number): boolean {
    return this.#listed[slot] === 1
  }

  remove(slot: number): void {
    if (this.#listed[slot] !== 1) return
    const next = this.#next[slot] as number
    const previous = this.#previous[slot] as number
    if (previous === NONE) this.#head = next
    else this.#next[previous] = next
    if (next === NONE) this.#tail = previous
    else this.#previous[next] = previous
    this.#listed[slot] = 0
  }

  #grow(slot: number): void {
    const size = Math.max(slot + 1, this.#next.length * 2)
    const next = new Int32Array(size).fill(NONE)
    const previous = new Int32Array(size).fill(NONE)
    const listed = new Uint8Array(size)
    next.set(this.#next)
    previous.set(this.#previous)
    listed.set(this.#listed)
    const at = new Float64Array(size)
    at.set(this.#at)
    this.#at = at
    this.#next = next
    this.#previous = previous
    this.#listed = listed
  }
}
