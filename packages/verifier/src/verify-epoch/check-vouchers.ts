/**
 * Vouchers against receipts: what a voucher adds to the one before it must be what the receipts of the epoch cost, for
 * each (channel, provider). The one before is in an earlier file, which is given or fetched, or on the chain if it was claimed.
 * Where neither shows it, the report says that cumulative amounts were not checked: together they are only held below the
 * lane's lifetime sum.
 */
import { counted } from '@isochrone/domain'
import type { EpochFileHeader, Hex } from '@isochrone/protocol'
import type { LineChecker } from './check-lines.ts'
import type { EpochChain, LaneClaims } from './epoch-chain.ts'
import type { Findings } from './report.ts'
import { walkBack, type FetchEarlier, type WalkedBack } from './walk-back.ts'

/** What the lane had signed before an epoch, by (channel, provider): the newest voucher of each in earlier files. */
export interface EarlierVouchers {
  /** Epoch and cumulative amount in µUSD by `channelId + providerId`. */
  signed: Map<string, { epoch: number; cumulative: bigint }>
  /** The file whose numbers end where this one's begin: then who is missing in it is missing for good. */
  toSeq: number
  /** First number of the files: 1 where they go back to the lane's beginning. */
  fromSeq: number
}

/** What the lines of a file say about vouchers, and about what is due. */
type VoucherLines = Pick<LineChecker, 'vouchers' | 'dues'>

/** @param fetchEarlier null where nobody is known who gives out files: then what neither the chain nor `earlier` shows stays open. */
export async function checkVouchers(
  findings: Findings,
  lines: VoucherLines,
  header: EpochFileHeader,
  earlier: EarlierVouchers | null,
  chain: EpochChain,
  fetchEarlier: FetchEarlier | null = null,
): Promise<void> {
  const pairs = checkPairs(findings, lines)
  const from = earlier && earlier.toSeq === header.fromSeq - 1 ? earlier : null
  if (earlier && !from) {
    findings.add('vouchers', null, 'Last number in the previous file', header.fromSeq - 1, earlier.toSeq)
  }
  const claims = await chain.claimsOf(header.lane, header.epoch)
  const oldest = { ...header, fromSeq: from?.fromSeq ?? header.fromSeq }
  const unseen = pairs.filter(({ key }) => !from?.signed.has(key))
  const missing = unseen.filter(
    ({ key, sum, cumulative }) => cumulative - (claims.before.get(key)?.cumulative ?? 0n) > sum,
  )
  const wanted = { missing: missing.map(keyOf), all: unseen.map(keyOf) }
  const walked = fetchEarlier && (await walkBack(findings, wanted, oldest, chain, fetchEarlier))
  const isFirst = oldest.fromSeq === 1 || walked?.fromSeq === 1
  let exact = 0
  let bounded = 0
  for (const { key, line, sum, cumulative } of pairs) {
    const signed = from?.signed.get(key)?.cumulative ?? walked?.signed.get(key)
    const known = signed ?? (isFirst ? 0n : undefined)
    const least = known ?? claims.before.get(key)?.cumulative ?? 0n
    const what = 'What a voucher adds to the one before it, in µUSD'
    if (known !== undefined) {
      exact++
      findings.same('vouchers', line, what, sum, cumulative - known)
    } else if (cumulative - least < sum) {
      findings.add('vouchers', line, what, `at least ${sum}`, cumulative - least)
    } else if (cumulative - least === sum) exact++
    else bounded++
  }
  findings.detail('vouchers', `${counted(pairs.length, 'voucher', 'vouchers')}, ${exact} of them to the micro-dollar`)
  if (walked && walked.files.length > 0) findings.notes.push(fetchedNote(walked))
  if (bounded > 0) {
    const why = walked?.stopped ? `${walked.stopped}; ` : ''
    findings.unchecked.push(
      `the cumulative amounts of ${counted(bounded, 'voucher', 'vouchers')} (${why}--previous FILE shows what was signed before)`,
    )
    findings.notes.push(
      `Not checked: cumulative amounts. ${bounded} of ${counted(pairs.length, 'voucher adds to an amount', 'vouchers add to amounts')} that neither the chain nor a given file shows: ${bounded === 1 ? 'it is' : 'they are'} not below what the receipts make due; whether ${bounded === 1 ? 'it is' : 'they are'} above, the files of the epochs before say (--previous FILE).`,
    )
  }
  if (claims.oldestBlock !== undefined) {
    findings.unchecked.push(`claims before block ${claims.oldestBlock} (longer ago than the chain is read back)`)
  }
  await checkLifetimeSum(findings, pairs, header, chain)
  await checkClaims(findings, pairs, header, claims, chain)
}

/** Which files were fetched to know what had been signed before. */
function fetchedNote({ files }: WalkedBack): string {
  const epochs = files.map(({ epoch }) => epoch)
  const sources = [...new Set(files.map(({ from }) => from))].join(', ')
  const of = epochs.length === 1 ? `epoch ${epochs[0]}` : `${epochs.length} epochs, ${epochs.at(-1)} to ${epochs[0]}`
  return `What was signed before was looked up in the file of ${of}, fetched from ${sources}.`
}

const keyOf = ({ key }: Pair): string => key

/** All that a lane ever signed for is in epochs that it anchored: vouchers cannot say more than those together. */
async function checkLifetimeSum(
  findings: Findings,
  pairs: readonly Pair[],
  { lane, epoch }: EpochFileHeader,
  chain: EpochChain,
): Promise<void> {
  const laneSum = (await chain.anchorEvent(lane, epoch))?.laneSum
  const signed = pairs.reduce((sum, { cumulative }) => sum + cumulative, 0n)
  if (laneSum === undefined || signed <= laneSum) return
  const what = 'Cumulative amounts of the vouchers together, against all that the lane ever anchored, in µUSD'
  findings.add('vouchers', null, what, `at most ${laneSum}`, signed)
}

interface Pair {
  key: string
  channelId: Hex
  providerId: Hex
  line: number
  sum: bigint
  cumulative: bigint
}

/** One voucher for each (channel, provider) that owes something, and none for another. */
function checkPairs(findings: Findings, lines: VoucherLines): Pair[] {
  const pairs = new Map<string, Pair>()
  for (const { line, value } of lines.vouchers) {
    const { channelId, providerId, cumulative } = value
    const key = channelId + providerId
    const sum = lines.dues.get(key)?.sum ?? 0n
    if (pairs.has(key)) findings.add('vouchers', line, 'Vouchers of one channel and provider', 'one', 'another')
    else pairs.set(key, { key, channelId, providerId, line, sum, cumulative })
  }
  for (const [key, { channelId, providerId, sum }] of lines.dues) {
    if (sum === 0n || pairs.has(key)) continue
    const what = `Voucher of channel ${channelId} for provider ${providerId}`
    findings.add('vouchers', null, what, `one that adds ${sum} µUSD`, 'none')
  }
  return [...pairs.values()]
}

/** Asked for a few at a time: an endpoint is somebody's. */
const ASKED_AT_ONCE = 10

async function checkClaims(
  findings: Findings,
  pairs: readonly Pair[],
  { lane, epoch }: EpochFileHeader,
  claims: LaneClaims,
  chain: EpochChain,
): Promise<void> {
  for (let from = 0; from < pairs.length; from += ASKED_AT_ONCE) {
    await Promise.all(
      pairs.slice(from, from + ASKED_AT_ONCE).map(async ({ key, channelId, providerId, line, cumulative }) => {
        const at = claims.at.get(key)?.cumulative ?? 0n
        const limit = `at most ${cumulative}`
        if (at > cumulative) {
          findings.add('claims', line, `Signed amount claimed for epoch ${epoch}, in µUSD`, limit, at)
        }
        const paid = await chain.claimed(channelId, providerId, lane)
        const most = bigMax(cumulative, claims.after.get(key)?.cumulative ?? 0n)
        // What was paid beyond may stand on a later voucher, claimed before what was read.
        if (paid > most && claims.oldestBlock === undefined)
          findings.add('claims', line, 'Paid on the lane’s vouchers, in µUSD', `at most ${most}`, paid)
      }),
    )
  }
  const inFile = new Set(pairs.map(({ key }) => key))
  for (const [key, { channelId, providerId, cumulative }] of claims.at) {
    if (inFile.has(key)) continue
    const what = `Voucher that the lane claimed for epoch ${epoch} from channel ${channelId} for provider ${providerId}`
    findings.add('claims', null, what, 'one in the file', `none, but ${cumulative} µUSD claimed on the chain`)
  }
  for (const { epoch: other, channelId, cumulative } of claims.unanchored) {
    const what = `Epoch ${other}, for which the lane claimed from channel ${channelId}`
    findings.add('claims', null, what, 'anchored', `never anchored, but ${cumulative} µUSD claimed`)
  }
  const claimed = pairs.filter(({ key }) => claims.at.has(key)).length
  findings.detail('claims', `${claimed} of ${counted(pairs.length, 'voucher was', 'vouchers were')} claimed`)
}

const bigMax = (a: bigint, b: bigint): bigint => (a > b ? a : b)
