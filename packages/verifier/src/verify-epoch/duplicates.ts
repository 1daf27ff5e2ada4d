/**
 * Finds what is there twice among many, in twenty bytes each: pairs of numbers with the line on which they stand.
 */
import { Column } from '../columns/column.ts'
import { sortedRows } from '../columns/sort-rows.ts'

export class DuplicateFinder {
  readonly #a = new Column(Float64Array)
  readonly #b = new Column(Float64Array)
  readonly #lines = new Column(Uint32Array)

  /** @param line of its own: two pairs never stand on one line. */
  add(a: number, b: number, line: number): void {
    this.#a.push(a)
    this.#b.push(b)
    this.#lines.push(line)
  }

  /** Lines of which an earlier line has the same pair, with that line. Forgets the pairs. */
  take(): { line: number; earlier: number }[] {
    const [a, b, lines] = [this.#a, this.#b, this.#lines]
    const comparePairs = (x: number, y: number): number => a.at(x) - a.at(y) || b.at(x) - b.at(y)
    const order = sortedRows(a.size, (x, y) => comparePairs(x, y) || lines.at(x) - lines.at(y))
    const found: { line: number; earlier: number }[] = []
    for (let i = 1; i < order.length; i++) {
      const [x, y] = [order[i - 1] as number, order[i] as number]
      if (comparePairs(x, y) === 0) found.push({ line: lines.at(y), earlier: lines.at(x) })
    }
    for (const column of [a, b, lines]) column.clear()
    return found.toSorted((x, y) => x.line - y.line)
  }
}

/** The first 104 bits of a 32-byte name, as two numbers: no two random names share them. */
export function numbersOf(bytes32: string): [number, number] {
  return [Number.parseInt(bytes32.slice(2, 15), 16), Number.parseInt(bytes32.slice(15, 28), 16)]
}
