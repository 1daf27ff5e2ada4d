/** The streams that one engine holds, one column a field, and which of its slots are free. */
export const free = 0
export const waiting = 1
export const prefilling = 2
/** Decoding, its first token not yet out. */
export const beginning = 3
export const decoding = 4

const noHashes: readonly number[] = []

export class StreamTable {
  readonly capacity: number
  readonly state: Uint8Array
  /** The caller's name of the stream. */
  readonly tag: Int32Array
  readonly gateway: Int32Array
  readonly tokensIn: Float64Array
  readonly tokensOut: Float64Array
  /** Prompt tokens that the cache spares it: a guess until its prefill starts. */
  readonly cached: Float64Array
  readonly fails: Uint8Array
  /** The token clock and its integrals when it began to decode. */
  readonly startAt: Float64Array
  readonly startStreams: Float64Array
  readonly startContext: Float64Array
  readonly hashes: (readonly number[])[]
  freeCount = 0
  private readonly freeSlots: Int32Array

  constructor(capacity: number) {
    this.capacity = capacity
    this.state = new Uint8Array(capacity)
    this.tag = new Int32Array(capacity)
    this.gateway = new Int32Array(capacity)
    this.tokensIn = new Float64Array(capacity)
    this.tokensOut = new Float64Array(capacity)
    this.cached = new Float64Array(capacity)
    this.fails = new Uint8Array(capacity)
    this.startAt = new Float64Array(capacity)
    this.startStreams = new Float64Array(capacity)
    this.startContext = new Float64Array(capacity)
    this.hashes = Array.from({ length: capacity }, () => noHashes)
    this.freeSlots = new Int32Array(capacity)
    this.clear()
  }

  /** A free slot; only while `freeCount > 0`. */
  take(): number {
    return this.freeSlots[--this.freeCount] as number
  }

  give(slot: number): void {
    this.state[slot] = free
    this.hashes[slot] = noHashes
    this.freeSlots[this.freeCount++] = slot
  }

  /** All slots are free, in the order of a new table. */
  clear(): void {
    this.state.fill(free)
    for (let slot = 0; slot < this.capacity; slot++) {
      this.hashes[slot] = noHashes
      this.freeSlots[slot] = this.capacity - 1 - slot
    }
    this.freeCount = this.capacity
  }
}
