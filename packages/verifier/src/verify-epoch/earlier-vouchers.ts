/**
 * What a lane had signed before an epoch, from files of the epochs before it.
 *
 * Files come from anybody, so each must be the one that the chain names for its epoch, and its vouchers must be signed by
 * the lane: a made-up one could show any amount as owed already. Whether what they say is right, their own verification
 * tells.
 */
import { AppError } from '@isochrone/domain'
import {
  bytes32ToAddress,
  DamagedGzipError,
  parseEpochFileLine,
  readEpochFileText,
  recoverStructSigner,
  type EpochFileHeader,
  type EpochFileVoucher,
} from '@isochrone/protocol'
import type { EarlierVouchers } from './check-vouchers.ts'
import type { EpochChain } from './epoch-chain.ts'
import { hashOfFile } from './hash-of-file.ts'
import type { Findings } from './report.ts'
import type { OpenFile } from './open-file.ts'

interface EarlierFile {
  header: EpochFileHeader
  vouchers: { line: number; voucher: EpochFileVoucher['voucher'] }[]
}

/**
 * The newest voucher of each (channel, provider) in files that follow each other, oldest first; null when one of them
 * cannot be relied on, which is then a mismatch or stands under what was not checked.
 *
 * @throws AppError `invalid_input` when a file is no epoch of the lane, or they do not follow each other.
 */
export async function earlierVouchers(
  findings: Findings,
  files: readonly OpenFile[],
  of: EpochFileHeader,
  chain: EpochChain,
): Promise<EarlierVouchers | null> {
  const signed: EarlierVouchers['signed'] = new Map()
  let span = null as { fromSeq: number; toSeq: number } | null
  let areReliable = true
  for (const open of files) {
    const file = await readFile(open, of)
    if (file instanceof DamagedGzipError) {
      const found = `bytes that hash to ${await hashOfFile(open)} (${file.reason})`
      findings.add('vouchers', null, 'A file given as --previous', 'a whole gzip file', found)
      return null
    }
    const { header, vouchers } = file
    if (span && header.fromSeq !== span.toSeq + 1) throw notBefore()
    span = { fromSeq: span?.fromSeq ?? header.fromSeq, toSeq: header.toSeq }
    if (!(await isAnchored(findings, open, header, chain)) || !areSigned(findings, header, vouchers))
      areReliable = false
    for (const { value } of vouchers.map(({ voucher }) => voucher)) {
      signed.set(value.channelId + value.providerId, { epoch: value.epoch, cumulative: value.cumulative })
    }
  }
  if (!span) throw notBefore()
  return areReliable ? { signed, ...span } : null
}

async function readFile(open: OpenFile, of: EpochFileHeader): Promise<EarlierFile | DamagedGzipError> {
  try {
    return await readLines(open, of)
  } catch (error) {
    if (error instanceof DamagedGzipError) return error
    throw error
  }
}

/** Most lines are receipts, which say nothing here. */
async function readLines(open: OpenFile, of: EpochFileHeader): Promise<EarlierFile> {
  let header = null as EpochFileHeader | null
  const vouchers: EarlierFile['vouchers'] = []
  for await (const batch of readEpochFileText(open())) {
    for (const { lineNumber, text } of batch) {
      if (!text.startsWith('{"kind":"header"') && !text.startsWith('{"kind":"voucher"')) continue
      const line = parseEpochFileLine(lineNumber, text)
      if (line.kind === 'voucher') vouchers.push({ line: lineNumber, voucher: line.voucher })
      if (line.kind !== 'header') continue
      if (header || (['lane', 'chainId', 'paymentChannels', 'receiptAnchor'] as const).some((f) => line[f] !== of[f])) {
        throw notBefore()
      }
      header = line
    }
  }
  if (!header) throw notBefore()
  return { header, vouchers }
}

async function isAnchored(
  findings: Findings,
  open: OpenFile,
  { lane, epoch, fromSeq, toSeq }: EpochFileHeader,
  chain: EpochChain,
): Promise<boolean> {
  const anchor = await chain.anchorEvent(lane, epoch)
  if (!anchor) {
    findings.unchecked.push(`the file given as --previous: the chain at ${chain.name} names none for epoch ${epoch}`)
    return false
  }
  const before = findings.countOf('vouchers')
  const file = `the file given as --previous for epoch ${epoch}, against that on the chain`
  findings.same('vouchers', null, `Hash of ${file}`, anchor.dataHash, await hashOfFile(open))
  findings.same('vouchers', null, `First number in ${file}`, anchor.fromSeq, fromSeq)
  findings.same('vouchers', null, `Last number in ${file}`, anchor.toSeq, toSeq)
  return findings.countOf('vouchers') === before
}

/** The first that is not names the file; the others would say the same of it. */
function areSigned(
  findings: Findings,
  { lane, epoch, chainId, paymentChannels }: EpochFileHeader,
  vouchers: EarlierFile['vouchers'],
): boolean {
  const domain = { chainId, verifyingContract: paymentChannels }
  const signer = bytes32ToAddress(lane)
  for (const { line, voucher } of vouchers) {
    const { value } = voucher
    const found = recoverStructSigner(domain, 'Voucher', voucher)
    if (found === signer && value.lane === lane && value.epoch === epoch) continue
    const what = `Voucher on line ${line} of the file given as --previous`
    const expected = `one of epoch ${epoch}, signed by the lane ${signer}`
    findings.add('vouchers', null, what, expected, `one of epoch ${value.epoch}, signed by ${found ?? 'nobody'}`)
    return false
  }
  return true
}

function notBefore(): AppError {
  return new AppError('invalid_input', {
    publicMessage: 'A file given as --previous is no epoch of the same lane, or they do not follow each other.',
  })
}
