/**
 * A first-in, first-out list of small integers (stream slots), with removal from the middle in O(1).
 *
 * A slot is in one list at most once. Nothing is allocated after construction.
 */
export class SlotList {
  head = -1
  length = 0
  private tail = -1
  private readonly next: Int32Array
  private readonly previous: Int32Array

  constructor(capacity: number) {
    this.next = new Int32Array(capacity).fill(-1)
    this.previous = new Int32Array(capacity).fill(-1)
  }

  push(slot: number): void {
    this.next[slot] = -1
    this.previous[slot] = this.tail
    if (this.tail >= 0) this.next[this.tail] = slot
    else this.head = slot
    this.tail = slot
    this.length++
  }

  remove(slot: number): void {
    const next = this.next[slot] as number
    const previous = this.previous[slot] as number
    if (previous >= 0) this.next[previous] = next
    else this.head = next
    if (next >= 0) this.previous[next] = previous
    else this.tail = previous
    this.length--
  }

  clear(): void {
    this.head = -1
    this.tail = -1
    this.length = 0
  }
}
