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
  #expected: number
  /** Number → the line that came in its place, and the number on that line. */
  readonly #missing = new Map<number, { line: number; found: number }>()
  readonly #late = new Map<number, { line: number; found: number }>()

  constructor(findings: Findings, fromSeq: number) {
    this.#findings = findings
    this.#expected = fromSeq
  }

  next(line: number, seq: number): void {
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

  /** `toSeq` as the header says; `line` is the last one read. */
  finish(line: number, toSeq: number): void {
    for (const [seq, { line: at, found }] of this.#late) {
      this.#findings.add(
        'sequence',
        at,
        'Receipts are not in the order of their numbers',
        `number ${seq}`,
        `number ${found}`,
      )
    }
    for (const [first, last, { line: at, found }] of this.#ranges()) {
      const what = first === last ? `Receipt ${first} is missing` : `Receipts ${first} to ${last} are missing`
      this.#findings.add('sequence', at, what, `number ${first}`, `number ${found}`)
    }
    if (this.#expected <= toSeq) {
      const what = `Receipts ${this.#expected} to ${toSeq} are missing at the end`
      this.#findings.add('sequence', line, what, `number ${toSeq} as the last`, `number ${this.#expected - 1}`)
    } else if (this.#expected > toSeq + 1) {
      const found = `number ${this.#expected - 1}`
      this.#findings.add('sequence', line, 'Receipts run beyond the header', `number ${toSeq} as the last`, found)
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
