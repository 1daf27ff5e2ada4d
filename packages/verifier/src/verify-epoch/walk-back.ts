/**
 * What a lane had signed before an epoch, from the files of its earlier epochs: fetched one at a time, the newest first, until
 * the vouchers that are asked for are found or the lane began.
 *
 * Whoever gives a file out is not believed: it must be the one that the chain names, and its vouchers must be signed by the
 * lane. Of each file only the vouchers of the wanted pairs are kept, and the file goes before the next one comes.
 */
import { isAppError } from '@isochrone/domain'
import {
  bytes32ToAddress,
  parseEpochFileLine,
  readEpochFileText,
  recoverStructSigner,
  type EpochFileHeader,
  type Hex,
} from '@isochrone/protocol'
import type { AnchoredEpoch, EpochChain } from './epoch-chain.ts'
import { hashOfFile } from './hash-of-file.ts'
import { reasonOf, type Findings } from './report.ts'
import type { OpenFile } from './open-file.ts'

/** A payer that comes back after more epochs than these would make a reader fetch a lane's whole life. */
export const EARLIER_FILES_MAX = 32

export interface FetchedFile {
  open: OpenFile
  /** Who gave it out: a URL. */
  from: string
  remove: () => Promise<void>
}

/**
 * The file of an earlier epoch of the lane: the one with this hash, if anybody has it, else what was given out instead.
 *
 * @throws AppError in a sentence when nobody gives one out.
 */
export type FetchEarlier = (epoch: number, dataHash: Hex) => Promise<FetchedFile>

export interface WalkedBack {
  /** Cumulative amounts in µUSD by `channelId + providerId`: of the newest voucher before the epoch. */
  signed: Map<string, bigint>
  /** First number of the oldest file: 1 where the lane began, and who is missing in all of them is missing for good. */
  fromSeq: number
  /** What was read, the newest first. */
  files: { epoch: number; from: string }[]
  /** Why it went no further, as the end of a sentence; null when there was nothing more to find. */
  stopped: string | null
}

/** Pairs of channel and provider, as `channelId + providerId`. */
export interface WantedPairs {
  /** The walk ends when a voucher of each is found. */
  missing: Iterable<string>
  /** Kept as well where they are met on the way: of a lane's first epoch on, who was not met had nothing signed. */
  all: Iterable<string>
}

/** @param from the epoch before whose first number the walk begins. */
export async function walkBack(
  findings: Findings,
  wanted: WantedPairs,
  from: EpochFileHeader,
  chain: EpochChain,
  fetchEarlier: FetchEarlier,
): Promise<WalkedBack> {
  const missing = new Set(wanted.missing)
  const unseen = new Set(wanted.all)
  const walked: WalkedBack = { signed: new Map(), fromSeq: from.fromSeq, files: [], stopped: null }
  const stop = (stopped: string): WalkedBack => ({ ...walked, stopped })
  let { epoch } = from
  while (missing.size > 0 && walked.fromSeq > 1) {
    if (walked.files.length === EARLIER_FILES_MAX) return stop(`none of the ${EARLIER_FILES_MAX} files before has them`)
    const anchor = await chain.anchorEndingAt(from.lane, walked.fromSeq - 1, epoch)
    if (anchor === 'out of reach') return stop('the epoch before is longer ago than the chain is read back')
    if (!anchor) return stop(`the chain names no epoch that ends with number ${walked.fromSeq - 1}`)
    const file = await fetchEarlier(anchor.epoch, anchor.dataHash).catch(sentenceOfRefusal)
    if (typeof file === 'string') return stop(file)
    try {
      walked.files.push({ epoch: anchor.epoch, from: file.from })
      const found = await readVouchers(findings, unseen, file, { from, anchor })
      if (!found) return stop(`the file of epoch ${anchor.epoch} cannot be relied on`)
      for (const [key, cumulative] of found) {
        walked.signed.set(key, cumulative)
        missing.delete(key)
        unseen.delete(key)
      }
    } finally {
      await file.remove()
    }
    ;({ epoch } = anchor)
    walked.fromSeq = anchor.fromSeq
  }
  return walked
}

function sentenceOfRefusal(error: unknown): string {
  if (!isAppError(error)) throw error
  return error.publicMessage.replace(/\.$/, '')
}

/** Null when the file cannot be relied on, which is then a mismatch. */
async function readVouchers(
  findings: Findings,
  wanted: ReadonlySet<string>,
  { open, from: source }: FetchedFile,
  { from, anchor }: { from: EpochFileHeader; anchor: AnchoredEpoch },
): Promise<Map<string, bigint> | null> {
  const { epoch, dataHash } = anchor
  const name = `the file of epoch ${epoch} that ${source} gives out`
  const hash = await hashOfFile(open)
  if (hash !== dataHash) {
    findings.add('vouchers', null, `Hash of ${name}, against that on the chain`, dataHash, hash)
    return null
  }
  const { lane, chainId, paymentChannels } = from
  const signer = bytes32ToAddress(lane)
  const found = new Map<string, bigint>()
  try {
    for await (const batch of readEpochFileText(open())) {
      for (const { lineNumber, text } of batch) {
        if (!text.startsWith('{"kind":"voucher"')) continue
        const line = parseEpochFileLine(lineNumber, text)
        if (line.kind !== 'voucher') continue
        const { value } = line.voucher
        const key = value.channelId + value.providerId
        if (!wanted.has(key)) continue
        const by = recoverStructSigner({ chainId, verifyingContract: paymentChannels }, 'Voucher', line.voucher)
        if (by !== signer || value.lane !== lane || value.epoch !== epoch) {
          const expected = `one of epoch ${epoch}, signed by the lane ${signer}`
          const said = `one of epoch ${value.epoch}, signed by ${by ?? 'nobody'}`
          findings.add('vouchers', null, `Voucher on line ${lineNumber} of ${name}`, expected, said)
          return null
        }
        found.set(key, value.cumulative)
      }
    }
  } catch (error) {
    if (!isAppError(error)) throw error
    findings.add('vouchers', null, `Content of ${name}`, 'what an epoch file has', reasonOf(error))
    return null
  }
  return found
}
