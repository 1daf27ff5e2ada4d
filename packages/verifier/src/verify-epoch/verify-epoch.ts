/**
 * Verifies a published epoch with public data alone: the file, and a chain to ask.
 *
 * The file is read twice as a stream, once to hash its bytes and once line by line; signatures are checked in threads
 * beside it. Memory stays flat: what is kept for each receipt is its leaves and some numbers.
 */
import { AppError, counted, isAppError } from '@isochrone/domain'
import {
  createKeccakStream,
  parseEpochFileLine,
  readEpochFileText,
  type EpochFileHeader,
  type Hex,
} from '@isochrone/protocol'
import { checkAnchor, checkContracts, checkRecords, checkRegistry } from './check-chain.ts'
import { LineChecker } from './check-lines.ts'
import { checkVouchers, type EarlierVouchers } from './check-vouchers.ts'
import type { EpochChain } from './epoch-chain.ts'
import { readEpochHeader } from './read-header.ts'
import { Findings, type EpochReport } from './report.ts'
import { SignaturePool } from './signature-pool.ts'

/** The bytes of a file, as often as asked for. */
export type OpenFile = () => AsyncIterable<Uint8Array> | Iterable<Uint8Array>

export interface VerifyEpochInput {
  open: OpenFile
  chain: EpochChain
  /** What the file must be about, where that is known beforehand. */
  expected?: { lane?: Hex | undefined; epoch?: number | undefined }
  /** Files of epochs before this one, oldest first: they show what earlier vouchers said. */
  previous?: readonly OpenFile[]
  /** For signatures; 0 checks them in this thread. */
  threads?: number
  onProgress?: (progress: { lines: number }) => void
}

/**
 * @throws AppError `invalid_input` when there is nothing to verify (no epoch file, another chain, no contracts), and
 *   `chain_unavailable` when the chain does not answer. Whatever is wrong with the epoch itself is in the report.
 */
export async function verifyEpoch(input: VerifyEpochInput): Promise<EpochReport> {
  const { open, chain, expected = {}, previous = [], threads = 2, onProgress } = input
  const findings = new Findings()
  const header = await readEpochHeader(open)
  await checkContracts(findings, header, chain)
  const dataHash = await hashOf(open)
  const lines = await readLines({ open, header, findings, threads, ...(onProgress && { onProgress }) })
  if (expected.lane !== undefined) findings.same('header', 1, 'Lane in the header', expected.lane, header.lane)
  if (expected.epoch !== undefined) findings.same('header', 1, 'Epoch in the header', expected.epoch, header.epoch)

  await checkAnchor(findings, lines, header, dataHash, chain)
  const earlier = previous.length > 0 ? await earlierVouchers(previous, header) : null
  await checkVouchers(findings, lines, header, earlier, chain)
  await checkRegistry(findings, lines, chain)
  await checkRecords(findings, lines, header, chain)

  const { mismatches } = findings
  return {
    ok: mismatches.length === 0,
    lane: header.lane,
    epoch: header.epoch,
    chainId: header.chainId,
    receipts: lines.receipts,
    leaves: lines.leaves,
    sumMicroUsd: lines.sum,
    dataHash,
    checks: findings.checks(),
    notes: findings.notes,
    unchecked: findings.unchecked,
    firstMismatch: mismatches[0] ?? null,
    mismatches,
  }
}

async function hashOf(open: OpenFile): Promise<Hex> {
  const hash = await createKeccakStream()
  for await (const chunk of open()) hash.update(chunk)
  return hash.digest()
}

interface ReadLinesInput extends Pick<VerifyEpochInput, 'open' | 'onProgress'> {
  header: EpochFileHeader
  findings: Findings
  threads: number
}

async function readLines({ open, header, findings, threads, onProgress }: ReadLinesInput): Promise<LineChecker> {
  const pool = new SignaturePool(threads, ({ line, what, signer, found }) =>
    findings.add('signatures', line, what, signer, found ?? 'nobody'),
  )
  const lines = new LineChecker(findings, (signature) => pool.add(signature))
  let lastLine = 0
  try {
    for await (const batch of readEpochFileText(open())) {
      for (const { lineNumber, text } of batch) {
        lastLine = lineNumber
        checkLine(findings, lines, lineNumber, text)
        if (pool.isBusy) await pool.ready()
      }
      onProgress?.({ lines: lastLine })
    }
    await pool.finish()
  } catch (error) {
    // A damaged file: what could be read was checked, and says what it is about.
    if (!isAppError(error)) throw error
    if (!lines.header) lines.check(1, header)
    await pool.finish()
    findings.add('form', null, `The epoch file after line ${lastLine}`, 'a whole gzip file', error.publicMessage)
  } finally {
    await pool.close()
  }
  lines.finish(lastLine)
  findings.detail('form', counted(lastLine, 'line', 'lines'))
  findings.detail('signatures', counted(pool.checked, 'signature', 'signatures'))
  return lines
}

function checkLine(findings: Findings, lines: LineChecker, lineNumber: number, text: string): void {
  let content
  try {
    content = parseEpochFileLine(lineNumber, text)
  } catch (error) {
    if (!isAppError(error) || !lines.header) throw error
    findings.add('form', lineNumber, 'Content of the line', 'what an epoch file has', error.publicMessage)
    return
  }
  lines.check(lineNumber, content)
}

/** The newest voucher of each (channel, provider) in files that follow each other. Their own truth is not checked here. */
async function earlierVouchers(files: readonly OpenFile[], { lane }: EpochFileHeader): Promise<EarlierVouchers> {
  const signed: EarlierVouchers['signed'] = new Map()
  let span = null as { fromSeq: number; toSeq: number } | null
  for (const open of files) {
    for await (const batch of readEpochFileText(open())) {
      for (const { lineNumber, text } of batch) {
        // Most lines are receipts, which say nothing here.
        if (!text.startsWith('{"kind":"header"') && !text.startsWith('{"kind":"voucher"')) continue
        const line = parseEpochFileLine(lineNumber, text)
        if (line.kind === 'header') {
          if (line.lane !== lane || (span && line.fromSeq !== span.toSeq + 1)) throw notBefore()
          span = { fromSeq: span?.fromSeq ?? line.fromSeq, toSeq: line.toSeq }
        } else if (line.kind === 'voucher') {
          const { channelId, providerId, epoch, cumulative } = line.voucher.value
          signed.set(channelId + providerId, { epoch, cumulative })
        }
      }
    }
  }
  if (!span) throw notBefore()
  return { signed, ...span }
}

function notBefore(): AppError {
  return new AppError('invalid_input', {
    publicMessage: 'A file given as --previous is no epoch of the same lane, or they do not follow each other.',
  })
}
