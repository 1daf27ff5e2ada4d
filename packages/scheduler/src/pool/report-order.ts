/**
 * Slots in order of their last report, as a linked list in typed arrays: what has gone stale is at the head, so nobody
 * has to look at a whole fleet to find it.
 */
const NONE = -1

export class ReportOrder {
  #next = new Int32Array(64).fill(NONE)
  #previous = new Int32Array(64).fill(NONE)
  #listed = new Uint8Array(64)
  #head = NONE
  #tail = NONE

  /** The slot whose report is oldest, or -1. */
  get oldest(): number {
    return this.#head
  }

  moveToEnd(slot: number): void {
    if (slot === this.#tail) return
    if (slot >= this.#next.length) this.#grow(slot)
    this.remove(slot)
    this.#listed[slot] = 1
    this.#previous[slot] = this.#tail
    this.#next[slot] = NONE
    if (this.#tail === NONE) this.#head = slot
    else this.#next[this.#tail] = slot
    this.#tail = slot
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
    this.#next = next
    this.#previous = previous
    this.#listed = listed
  }
}
