/**
 * The simulator's agenda: a four-way heap in typed arrays. Events at the same time leave in the order they were added,
 * so that a run is a function of its inputs alone.
 */
export class EventQueue {
  size = 0
  /** Of the event that `take` returned last. */
  kind = 0
  a = 0
  b = 0

  private capacity = 1024
  private times = new Float64Array(this.capacity)
  private heap = new Int32Array(this.capacity)
  private orders = new Float64Array(this.capacity)
  private kinds = new Uint8Array(this.capacity)
  private firsts = new Int32Array(this.capacity)
  private seconds = new Int32Array(this.capacity)
  private freeSlots = Int32Array.from({ length: this.capacity }, (_, i) => i)
  private order = 0

  /** When the next event is due; Infinity when there is none. */
  get nextMs(): number {
    return this.size > 0 ? (this.times[0] as number) : Infinity
  }

  /** Adds an event with two integers of payload. */
  add(atMs: number, kind: number, a: number, b = 0): void {
    if (this.size === this.capacity) this.grow()
    const slot = this.freeSlots[this.size] as number
    this.kinds[slot] = kind
    this.firsts[slot] = a
    this.seconds[slot] = b
    const order = this.order++
    this.orders[slot] = order
    let at = this.size++
    while (at > 0) {
      const parent = (at - 1) >> 2
      // A new event has the highest order: it stays behind its equals.
      if ((this.times[parent] as number) <= atMs) break
      this.times[at] = this.times[parent] as number
      this.heap[at] = this.heap[parent] as number
      at = parent
    }
    this.times[at] = atMs
    this.heap[at] = slot
  }

  /** Removes the next event, leaves it in `kind`, `a` and `b`, and returns its time. Only while `size > 0`. */
  take(): number {
    const time = this.times[0] as number
    const slot = this.heap[0] as number
    this.kind = this.kinds[slot] as number
    this.a = this.firsts[slot] as number
    this.b = this.seconds[slot] as number
    const last = --this.size
    this.freeSlots[last] = slot
    if (last > 0) this.sink(this.times[last] as number, this.heap[last] as number)
    return time
  }

  private sink(time: number, slot: number): void {
    const { times, heap, orders, size } = this
    const order = orders[slot] as number
    let at = 0
    for (;;) {
      let best = 4 * at + 1
      if (best >= size) break
      let bestTime = times[best] as number
      const end = Math.min(best + 4, size)
      for (let child = best + 1; child < end; child++) {
        const childTime = times[child] as number
        if (childTime > bestTime) continue
        if (childTime === bestTime && (orders[heap[child]!] as number) > (orders[heap[best]!] as number)) continue
        best = child
        bestTime = childTime
      }
      if (bestTime > time || (bestTime === time && (orders[heap[best]!] as number) > order)) break
      times[at] = bestTime
      heap[at] = heap[best] as number
      at = best
    }
    times[at] = time
    heap[at] = slot
  }

  private grow(): void {
    const more = <T extends Float64Array | Int32Array | Uint8Array>(from: T, to: T): T => {
      to.set(from)
      return to
    }
    const capacity = this.capacity * 2
    this.times = more(this.times, new Float64Array(capacity))
    this.heap = more(this.heap, new Int32Array(capacity))
    this.orders = more(this.orders, new Float64Array(capacity))
    this.kinds = more(this.kinds, new Uint8Array(capacity))
    this.firsts = more(this.firsts, new Int32Array(capacity))
    this.seconds = more(this.seconds, new Int32Array(capacity))
    this.freeSlots = more(this.freeSlots, new Int32Array(capacity))
    for (let i = this.capacity; i < capacity; i++) this.freeSlots[i] = i
    this.capacity = capacity
  }
}
