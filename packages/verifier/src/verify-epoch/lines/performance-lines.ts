/** Counts and records of nodes' promises in an epoch file, against those that follow from its receipts. */
import { counted } from '@isochrone/domain'
import type { EpochFileHeader, Hex, PerformanceRecord, Signed, SlaCounts, Terms } from '@isochrone/protocol'
import { createSlaEvaluator, type NodePerformance, type SlaEvaluator } from '../../sla/evaluate-sla.ts'
import type { Findings } from '../report.ts'
import type { LineSignatures } from './line-signatures.ts'

export class PerformanceLines {
  readonly #findings: Findings
  readonly #header: EpochFileHeader
  readonly #signatures: LineSignatures
  /** Told of each receipt. */
  readonly sla: SlaEvaluator
  readonly records: { line: number; value: PerformanceRecord }[] = []
  #performance: NodePerformance[] | null = null
  #expectedCounts: SlaCounts[] = []
  #countsSeen = 0
  /** Where one more line of counts would stand. */
  #nextCountsLine: number | null = null
  #recordsSeen = 0

  constructor(
    findings: Findings,
    header: EpochFileHeader,
    signatures: LineSignatures,
    terms: (hash: Hex) => Terms | undefined,
  ) {
    this.#findings = findings
    this.#header = header
    this.#signatures = signatures
    this.sla = createSlaEvaluator({ lane: header.lane, epoch: header.epoch, terms })
  }

  checkCounts(line: number, counts: SlaCounts): void {
    this.expected()
    this.#nextCountsLine = line + 1
    const expected = this.#expectedCounts[this.#countsSeen++]
    if (expected) this.#same(line, 'performance counts', expected, counts)
    else this.#findings.add('sla', line, 'Lines of performance counts', this.#expectedCounts.length, this.#countsSeen)
  }

  checkRecord(line: number, { value, signature }: Signed<PerformanceRecord>): void {
    const all = this.expected()
    const expected = all[this.#recordsSeen++]?.record
    if (expected) this.#same(line, 'a performance record', expected, value)
    else this.#findings.add('sla', line, 'Performance records', all.length, this.#recordsSeen)
    const what = 'Signature of the lane on a record'
    this.#signatures.addOfLane(line, what, 'PerformanceRecord', value, signature, this.#header.slaLedger)
    this.records.push({ line, value })
  }

  /** What the receipts read so far make of each node; later receipts are not counted any more. */
  expected(): readonly NodePerformance[] {
    if (!this.#performance) {
      this.#performance = this.sla.finish()
      this.#expectedCounts = this.#performance.flatMap(({ counts }) => counts)
    }
    return this.#performance
  }

  /** After the last line: those that are missing. */
  finish(lastLine: number): void {
    const records = this.expected().length
    const counts = this.#expectedCounts.length
    if (this.#countsSeen < counts) {
      const line = this.#nextCountsLine ?? lastLine + 1
      this.#findings.add('sla', line, 'Lines of performance counts', counts, this.#countsSeen)
    }
    if (this.#recordsSeen < records) {
      this.#findings.add('sla', lastLine + 1, 'Performance records', records, this.#recordsSeen)
    }
  }

  describe(): void {
    const records = counted(this.#recordsSeen, 'record', 'records')
    this.#findings.detail('sla', `${records}, ${counted(this.#countsSeen, 'payer’s counts', 'payers’ counts')}`)
  }

  #same<T extends object>(line: number, name: string, expected: T, found: T): void {
    for (const field of Object.keys(expected) as (keyof T & string)[]) {
      this.#findings.same('sla', line, `${field} of ${name}`, expected[field], found[field])
    }
  }
}
