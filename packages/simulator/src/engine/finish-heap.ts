/**
 * A binary heap of slots by a key that is fixed while the slot is inside, with removal of any slot in O(log n).
 *
 * Equal keys leave by the smaller slot, so that the order never depends on history.
 */
export class FinishHeap {
  size = 0
  private readonly slots: Int32Array
  private readonly place: Int32Array
  private readonly keys: Float64Array

  constructor(capacity: number) {
    this.slots = new Int32Array(capacity)
    this.place = new Int32Array(capacity).fill(-1)
    this.keys = new Float64Array(capacity)
  }

  /** The slot with the smallest key; only while `size > 0`. */
  top(): number {
    return this.slots[0] as number
  }

  topKey(): number {
    return this.keys[this.slots[0] as number] as number
  }

  push(slot: number, key: number): void {
    this.keys[slot] = key
    this.up(this.size++, slot)
  }

  remove(slot: number): void {
    const at = this.place[slot] as number
    this.place[slot] = -1
    const last = this.slots[--this.size] as number
    if (last === slot) return
    if (at > 0 && this.before(last, this.slots[(at - 1) >> 1] as number)) this.up(at, last)
    else this.down(at, last)
  }

  clear(): void {
    this.size = 0
  }

  private before(a: number, b: number): boolean {
    const keyA = this.keys[a] as number
    const keyB = this.keys[b] as number
    return keyA < keyB || (keyA === keyB && a < b)
  }

  private up(from: number, slot: number): void {
    let at = from
    while (at > 0) {
      const parentAt = (at - 1) >> 1
      const parent = this.slots[parentAt] as number
      if (!this.before(slot, parent)) break
      this.slots[at] = parent
      this.place[parent] = at
      at = parentAt
    }
    this.slots[at] = slot
    this.place[slot] = at
  }

  private down(from: number, slot: number): void {
    let at = from
    for (;;) {
      let childAt = 2 * at + 1
      if (childAt >= this.size) break
      if (childAt + 1 < this.size && this.before(this.slots[childAt + 1] as number, this.slots[childAt] as number)) {
        childAt++
      }
      const child = this.slots[childAt] as number
      if (!this.before(child, slot)) break
      this.slots[at] = child
      this.place[child] = at
      at = childAt
    }
    this.slots[at] = slot
    this.place[slot] = at
  }
}
