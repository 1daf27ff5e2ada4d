/**
 * A lane's numbers as they come: what is missing, what is there twice, what stands in another order.
 *
 * Which of the three it is shows only at the end, when it is known whether a missing number came later.
 */
import type { Findings } from './report.ts'

/** Missing numbers that are remembered one by one. */
const MISSING_MAX = 10_000

export class SequenceCheck {
  readonly #findings: Findings
  readonly #fromSeq: number
  readonly #toSeq: number
  #expected: number
  /** Where the first number above `toSeq` stands. */
  #beyondLine: number | null = null
  /** Number → the line that came in its place, and the number on that line. */
  readonly #missing = new Map<number, { line: number; found: number }>()
  readonly #late = new Map<number, { line: number; found: number }>()

  /** First and last number as the header says. */
  constructor(findings: Findings, fromSeq: number, toSeq: number) {
    this.#findings = findings
    this.#fromSeq = fromSeq
    this.#expected = fromSeq
    this.#toSeq = toSeq
  }

  /** Whether this number came before. */
  isTwice(seq: number): boolean {
    return seq < this.#expected && seq >= this.#fromSeq && !this.#missing.has(seq)
  }

  next(line: number, seq: number): void {
    if (seq > this.#toSeq) this.#beyondLine ??= line
    if (seq === this.#expected) {
      this.#expected++
    } else if (seq > this.#expected) {
      for (let missing = this.#expected; missing < seq && this.#missing.size < MISSING_MAX; missing++) {
        this.#missing.set(missing, { line, found: seq })
      }
      this.#expected = seq + 1
    } else {
      const gap = this.#missing.get(seq)
      if (!gap) {
        this.#findings.add(
          'sequence',
          line,
          `Receipt ${seq} is there twice`,
          `number ${this.#expected}`,
          `number ${seq}`,
        )
      } else {
        this.#missing.delete(seq)
        this.#late.set(seq, gap)
      }
    }
  }

  /** What is missing or late among the numbers that came: of one line, the lowest first. */
  finishGaps(): void {
    const late = [...this.#late].map(([seq, at]) => ({ first: seq, last: seq, ...at, isLate: true }))
    const missing = this.#ranges().map(([first, last, at]) => ({ first, last, ...at, isLate: false }))
    for (const { first, last, line, found, isLate } of [...late, ...missing].toSorted((a, b) => a.first - b.first)) {
      const range = first === last ? `Receipt ${first} is missing` : `Receipts ${first} to ${last} are missing`
      const what = isLate ? 'Receipts are not in the order of their numbers' : range
      this.#findings.add('sequence', line, what, `number ${first}`, `number ${found}`)
    }
  }

  /** After the last number: `line` is where the next one would stand. */
  finish(line: number): void {
    this.finishGaps()
    const toSeq = this.#toSeq
    const found = `number ${this.#expected - 1}`
    if (this.#expected <= toSeq) {
      const range = this.#expected === toSeq ? `Receipt ${toSeq} is` : `Receipts ${this.#expected} to ${toSeq} are`
      this.#findings.add('sequence', line, `${range} missing at the end`, `number ${toSeq} as the last`, found)
    } else if (this.#beyondLine !== null) {
      this.#findings.add(
        'sequence',
        this.#beyondLine,
        'Receipts run beyond the header',
        `number ${toSeq} as the last`,
        found,
      )
    }
  }

  #ranges(): [first: number, last: number, at: { line: number; found: number }][] {
    const ranges: [number, number, { line: number; found: number }][] = []
    for (const [seq, at] of this.#missing) {
      const range = ranges.at(-1)
      // Neighbours are of one gap: between two gaps there is a number that came.
      if (range && range[1] === seq - 1) range[1] = seq
      else ranges.push([seq, seq, at])
    }
    return ranges
  }
}
