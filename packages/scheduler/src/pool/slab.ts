/** Lists of slots in one array, each with room for a power of two: a cell's members without an object per cell. */
export class Slab {
  data = new Int32Array(256)
  #end = 0
  /** Starts of rooms given back, by log2 of their size. */
  readonly #free: number[][] = Array.from({ length: 31 }, () => [])

  /** No room ends behind it. */
  get end(): number {
    return this.#end
  }

  /** Start of a room of 2^`log2Size` slots. */
  take(log2Size: number): number {
    const known = this.#free[log2Size]?.pop()
    if (known !== undefined) return known
    const start = this.#end
    this.#end += 2 ** log2Size
    if (this.#end > this.data.length) {
      const grown = new Int32Array(Math.max(this.#end, this.data.length * 2))
      grown.set(this.data)
      this.data = grown
    }
    return start
  }

  give(start: number, log2Size: number): void {
    this.#free[log2Size]?.push(start)
  }

  /** Moves `count` slots to a room twice as large and returns its start. */
  double(start: number, log2Size: number, count: number): number {
    const to = this.take(log2Size + 1)
    this.data.copyWithin(to, start, start + count)
    this.give(start, log2Size)
    return to
  }
}
