/**
 * Finds what is there twice among many, in twenty bytes each: pairs of numbers with the line on which they stand.
 */
export class DuplicateFinder {
  #a = new Float64Array(1_024)
  #b = new Float64Array(1_024)
  #lines = new Uint32Array(1_024)
  #size = 0

  add(a: number, b: number, line: number): void {
    if (this.#size === this.#a.length) {
      this.#a = grown(this.#a, Float64Array)
      this.#b = grown(this.#b, Float64Array)
      this.#lines = grown(this.#lines, Uint32Array)
    }
    this.#a[this.#size] = a
    this.#b[this.#size] = b
    this.#lines[this.#size++] = line
  }

  /** Lines of which an earlier line has the same pair, with that line. */
  find(): { line: number; earlier: number }[] {
    const at = (column: Float64Array | Uint32Array, i: number): number => column[i] as number
    const order = Uint32Array.from({ length: this.#size }, (_, i) => i).toSorted(
      (x, y) =>
        at(this.#a, x) - at(this.#a, y) || at(this.#b, x) - at(this.#b, y) || at(this.#lines, x) - at(this.#lines, y),
    )
    const found: { line: number; earlier: number }[] = []
    for (let i = 1; i < order.length; i++) {
      const [x, y] = [order[i - 1] as number, order[i] as number]
      if (at(this.#a, x) === at(this.#a, y) && at(this.#b, x) === at(this.#b, y)) {
        found.push({ line: at(this.#lines, y), earlier: at(this.#lines, x) })
      }
    }
    return found.toSorted((x, y) => x.line - y.line)
  }
}

function grown<T extends Float64Array | Uint32Array>(column: T, Kind: new (length: number) => T): T {
  const larger = new Kind(column.length * 2)
  larger.set(column)
  return larger
}

/** The first 104 bits of a 32-byte name, as two numbers: no two random names share them. */
export function numbersOf(bytes32: string): [number, number] {
  return [Number.parseInt(bytes32.slice(2, 15), 16), Number.parseInt(bytes32.slice(15, 28), 16)]
}
