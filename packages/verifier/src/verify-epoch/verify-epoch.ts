/**
 * Verifies a published epoch with public data alone: the file, and a chain to ask.
 *
 * The file is read twice as a stream, once to hash its bytes and once line by line; signatures are checked in threads
 * beside it. Memory stays flat: what is kept for each receipt is its leaves and some numbers.
 */
import { AppError, counted, isAppError } from '@isochrone/domain'
import {
  parseEpochFileLine,
  readEpochFileToDamage,
  UnfinishedLineError,
  type EpochFileHeader,
} from '@isochrone/protocol'
import { checkAnchor, checkContracts, checkRecords, checkRegistry } from './check-chain.ts'
import { LineChecker } from './check-lines.ts'
import { checkVouchers } from './check-vouchers.ts'
import { checkDamage, verifyUnreadable, type Damage } from './damaged-file.ts'
import { earlierVouchers } from './earlier-vouchers.ts'
import { hashOfFile } from './hash-of-file.ts'
import { readEpochHeader } from './read-header.ts'
import { Findings, reasonOf, reportOf, type EpochReport } from './report.ts'
import { SignaturePool } from './signature-pool.ts'
import type { VerifyEpochInput } from './verify-epoch-input.ts'

/**
 * @throws AppError `invalid_input` when there is nothing to verify (no epoch file, and nobody says what it should be; another
 *   chain, no contracts), and `chain_unavailable` when the chain does not answer. Whatever is wrong with the epoch itself is
 *   in the report.
 */
export async function verifyEpoch(input: VerifyEpochInput): Promise<EpochReport> {
  const { open, chain, expected = {}, previous = [], fetchEarlier = null } = input
  const header = await readEpochHeader(open).catch(asUnreadable)
  if (header instanceof AppError) return verifyUnreadable({ open, chain, expected, error: header })
  const findings = new Findings()
  await checkContracts(findings, header, chain)
  const dataHash = await hashOfFile(open)
  const { lines, damage } = await readLines({ ...input, header, findings })
  if (expected.lane !== undefined) findings.same('header', 1, 'Lane in the header', expected.lane, header.lane)
  if (expected.epoch !== undefined) findings.same('header', 1, 'Epoch in the header', expected.epoch, header.epoch)

  if (damage) {
    await checkDamage(findings, damage, { dataHash, of: { ...header, ...expected }, chain })
  } else {
    await checkAnchor(findings, lines, header, dataHash, chain)
    const earlier = previous.length > 0 ? await earlierVouchers(findings, previous, header, chain) : null
    await checkVouchers(findings, lines, header, earlier, chain, fetchEarlier)
    await checkRegistry(findings, lines, chain)
    await checkRecords(findings, lines, header, chain)
  }
  const { lane, epoch, chainId } = header
  const { receipts, leaves, sum } = lines
  return reportOf(findings, { lane, epoch, chainId, receipts, leaves, sumMicroUsd: sum, dataHash })
}

/** What is wrong with the bytes stands in the report; that nobody could read them is thrown. */
function asUnreadable(error: unknown): AppError {
  if (isAppError(error) && (error.code === 'invalid_input' || error.code === 'payload_too_large')) return error
  throw error
}

interface ReadLinesInput extends Pick<VerifyEpochInput, 'open' | 'onProgress' | 'threads'> {
  header: EpochFileHeader
  findings: Findings
}

interface ReadLines {
  lines: LineChecker
  /** Where the file cannot be read further. */
  damage: Damage | null
}

async function readLines({ open, header, findings, threads = 2, onProgress }: ReadLinesInput): Promise<ReadLines> {
  const pool = new SignaturePool(threads, ({ line, what, signer, found }) =>
    findings.add('signatures', line, what, signer, found ?? 'nobody'),
  )
  const lines = new LineChecker(findings, (signature) => pool.add(signature))
  let lastLine = 0
  let error: AppError | null = null
  try {
    try {
      for await (const batch of readEpochFileToDamage(open)) {
        for (const { lineNumber, text } of batch) {
          lastLine = lineNumber
          checkLine(findings, lines, lineNumber, text)
          if (pool.isBusy) await pool.ready()
        }
        onProgress?.({ lines: lastLine })
      }
    } catch (cause) {
      if (!isAppError(cause)) throw cause
      error = cause
    }
    if (error instanceof UnfinishedLineError) lastLine = checkUnfinished(findings, lines, error)
    await pool.finish()
  } finally {
    await pool.close()
  }
  const damage = error && !(error instanceof UnfinishedLineError) ? { lastLine, error } : null
  if (!lines.header) lines.check(1, header)
  if (damage) lines.finishDamaged()
  else lines.finish(lastLine)
  findings.detail('form', counted(lastLine, 'line', 'lines'))
  findings.detail('signatures', counted(pool.checked, 'signature', 'signatures'))
  return { lines, damage }
}

function checkLine(findings: Findings, lines: LineChecker, lineNumber: number, text: string): void {
  let content
  try {
    content = parseEpochFileLine(lineNumber, text)
  } catch (error) {
    if (!isAppError(error) || !lines.header) throw error
    findings.add('form', lineNumber, 'Content of the line', 'what an epoch file has', reasonOf(error))
    return
  }
  lines.check(lineNumber, content)
}

/** A file without its last line break, or packed anew after it was cut off. Gives back the line's number. */
function checkUnfinished(findings: Findings, lines: LineChecker, { lineNumber, text }: UnfinishedLineError): number {
  findings.add('form', lineNumber, 'The end of the file', 'a line that ends with a line break', 'one that breaks off')
  try {
    lines.check(lineNumber, parseEpochFileLine(lineNumber, text))
  } catch (error) {
    if (!isAppError(error)) throw error
  }
  return lineNumber
}
