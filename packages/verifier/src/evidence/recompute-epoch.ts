/**
 * What the performance records of an epoch must say, from its public file alone, and what the lane published there.
 *
 * The receipts are those under the file's Merkle root: whoever compares that root with the anchored one knows that the
 * lane stands by each of them, so their signatures are not checked again here.
 */
import { AppError } from '@isochrone/domain'
import {
  createKeccakStream,
  parseEpochFileLine,
  readEpochFileText,
  type EpochFileHeader,
  type Hex,
  type PerformanceRecord,
  type Signed,
} from '@isochrone/protocol'
import { LineChecker } from '../verify-epoch/check-lines.ts'
import { readEpochHeader } from '../verify-epoch/read-header.ts'
import { Findings, sentenceOf, type CheckName } from '../verify-epoch/report.ts'
import type { OpenFile } from '../verify-epoch/open-file.ts'

export interface RecomputedEpoch {
  header: EpochFileHeader
  /** Of the receipts themselves. */
  root: Hex
  /** Keccak-256 of the file: the evidence of whoever accuses. */
  dataHash: Hex
  /** As the receipts make them, version 0, one for each node. */
  expected: PerformanceRecord[]
  /** As the lane signed them in the file. Signatures are not checked. */
  published: Signed<PerformanceRecord>[]
}

/** A file with one of these faults says nothing about records: other receipts might be meant. */
const DECISIVE: ReadonlySet<CheckName> = new Set<CheckName>(['form', 'terms', 'sequence', 'root'])

/**
 * @param options `inflatedBytesMax`: a file that inflates to more is refused; whoever reads strangers' files sets it.
 * @throws AppError `invalid_input` when it is no epoch file, or not a whole one.
 */
export async function recomputeEpoch(
  open: OpenFile,
  options: { inflatedBytesMax?: number } = {},
): Promise<RecomputedEpoch> {
  const header = await readEpochHeader(open)
  const hash = await createKeccakStream()
  for await (const chunk of open()) hash.update(chunk)
  const findings = new Findings()
  const lines = new LineChecker(findings, () => {})
  const published: Signed<PerformanceRecord>[] = []
  let lastLine = 0
  for await (const batch of readEpochFileText(open(), options)) {
    for (const { lineNumber, text } of batch) {
      lastLine = lineNumber
      const line = parseEpochFileLine(lineNumber, text)
      lines.check(lineNumber, line)
      if (line.kind === 'record') published.push(line.record)
    }
  }
  lines.finish(lastLine)
  const fault = findings.mismatches.find(({ check }) => DECISIVE.has(check))
  if (fault || lines.root === null) {
    const why = fault ? sentenceOf(fault) : 'It holds no receipt.'
    throw new AppError('invalid_input', { publicMessage: `The file of epoch ${header.epoch} is not whole. ${why}` })
  }
  const expected = lines.performance.map(({ record }) => record)
  return { header, root: lines.root, dataHash: hash.digest(), expected, published }
}
