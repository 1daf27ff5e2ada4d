/**
 * Things that anyone may do on the chain, and that would wait for ever if nobody did: what the daily cap put off of a
 * penalty is credited on a later day; a voucher that was announced, because its lane anchored too little, is claimed after
 * its grace period; the panel of a dispute, or of a challenged record, is drawn as soon as it can be. The hash that draws it is gone after 256
 * blocks: a party that alone calls could let it go and hope for a better one. And performance records that do not follow
 * from their receipts are accused, and files that nobody gives out are disputed.
 *
 * What waits is kept in memory and read from the chain's events after a start; the chain is asked before anything is sent,
 * so a lost or doubled round changes nothing. Each round does a bounded number, and what fails goes to the end.
 */
import type { Voucher } from '@isochrone/protocol'
import type { RecordName, TransactionLog } from '../ports/chain-port.ts'
import type { FileWatch, PenaltyName, RecordAudit, TrustChain, TrustEvent } from '../ports/trust-port.ts'
import { createRecordAudits } from './audit-records.ts'
import { doEach, type DutyRound } from './duty-round.ts'
import { sendRecorded } from './send-recorded.ts'
import { createFileWatch } from './watch-files.ts'

export interface TrustDutiesDeps {
  chain: TrustChain
  transactions: TransactionLog
  /** Absent: nobody's records are looked into. */
  audit?: RecordAudit
  /** Absent: nobody looks whether files are there. */
  files?: FileWatch
}

const BLOCKS_A_ROUND = 100_000n
const SENT_A_ROUND = 20
const DAY_S = 86_400
/** Beyond it the oldest are forgotten: whoever announced them can claim them. */
const ANNOUNCED_MAX = 10_000
/** A claim costs us gas: with less than this, a lane and its provider could spend ours for nothing. */
const ANNOUNCED_MICRO_USD_MIN = 10_000n
/** What could not be paid in full comes again after so long. */
const ANNOUNCED_RETRY_S = 3_600

interface WaitingPenalty {
  penalty: PenaltyName
  /** Day of chain time on which it was collected last: the cap is a day's. */
  triedOnDay: number | null
}

interface AnnouncedVoucher {
  voucher: Voucher
  /** Chain time before which nothing is tried. */
  notBeforeS: number
}

interface ChallengedRecord {
  record: RecordName
  /** Chain time after which no panel can judge it. */
  rulingEndsAtS: number
}

export function createTrustDuties({ chain, transactions, audit, files }: TrustDutiesDeps) {
  const watch = files && createFileWatch({ files, transactions })
  const audits = audit && createRecordAudits({ audit, transactions, onFile: (...read) => watch?.seen(...read) })
  const penalties = new Map<string, WaitingPenalty>()
  const disputes = new Set<bigint>()
  const challenged = new Map<string, ChallengedRecord>()
  const announced = new Map<string, AnnouncedVoucher>()
  let readTo: bigint | null = null

  async function follow(): Promise<void> {
    const { blockNumber } = await chain.head()
    // A shorter chain is another one, or lost more than is read again.
    if (readTo !== null && blockNumber < readTo) readTo = null
    const again = readTo === null ? chain.firstBlock : readTo + 1n - BigInt(chain.reorgBlocksMax)
    const from = again > chain.firstBlock ? again : chain.firstBlock
    const last = (readTo ?? from) + BLOCKS_A_ROUND
    const to = last < blockNumber ? last : blockNumber
    for (const event of await chain.trustEvents(from, to)) note(event)
    readTo = to
  }

  function note(event: TrustEvent): void {
    if (event.kind === 'penalty_paid') {
      const key = Object.values(event.penalty).join(':')
      if (event.leftMicroUsd === 0n) penalties.delete(key)
      else if (!penalties.has(key)) penalties.set(key, { penalty: event.penalty, triedOnDay: null })
    } else if (event.kind === 'announced') noteAnnounced(event.voucher, event.claimableAtS)
    else if (event.kind === 'reported') audits?.note(event.record, event.version, event.finalAtS)
    else if (event.kind === 'challenged') {
      challenged.set(recordKey(event.record), { record: event.record, rulingEndsAtS: event.rulingEndsAtS })
    } else if (event.kind === 'judging') challenged.delete(recordKey(event.record))
    else if (event.kind === 'anchored') watch?.note(event.lane, event.epoch, event.dataHash)
    else if (event.kind === 'filed' || event.kind === 'armed') disputes.add(event.disputeId)
    else disputes.delete(event.disputeId)
  }

  /** Blocks are read again: what waits already keeps its time. */
  function noteAnnounced(voucher: Voucher, claimableAtS: number): void {
    const key = nameOf(voucher)
    if (!announced.has(key)) announced.set(key, { voucher, notBeforeS: claimableAtS })
    const [oldest] = announced.keys()
    if (announced.size > ANNOUNCED_MAX && oldest !== undefined) announced.delete(oldest)
  }

  async function collectPenalties(): Promise<DutyRound> {
    await follow()
    const day = Math.floor((await chain.head()).nowS / DAY_S)
    const due = [...penalties].filter(([, { triedOnDay }]) => triedOnDay !== day)
    const collect = async ([key, waiting]: [string, WaitingPenalty]): Promise<boolean> => {
      // At the end, whatever comes of it.
      penalties.delete(key)
      penalties.set(key, waiting)
      if ((await chain.penaltyDueOf(waiting.penalty)) === 0n) {
        penalties.delete(key)
        return false
      }
      const { nodeId, channelId } = waiting.penalty
      const about = { purpose: 'penalty', subject: `${nodeId}:${channelId}` }
      const { txHash } = await sendRecorded(transactions, about, () => chain.collectPenalty(waiting.penalty))
      penalties.set(key, { ...waiting, triedOnDay: day })
      return txHash !== null
    }
    return doEach(due.slice(0, SENT_A_ROUND), ([key]) => key, collect)
  }

  async function drawPanels(): Promise<DutyRound> {
    await follow()
    const { nowS } = await chain.head()
    const draw = async (disputeId: bigint): Promise<boolean> => {
      disputes.delete(disputeId)
      const dispute = await chain.dispute(disputeId)
      if (dispute === null) return false
      const { state, deadlineS } = dispute
      const isWaiting = state === 'filed' || state === 'answered' || state === 'appealed'
      if (!isWaiting) return false
      disputes.add(disputeId)
      // Before: an answer may still come. After: nobody answered, and the draw is armed.
      const isDue = state === 'filed' ? nowS > deadlineS : nowS <= deadlineS
      if (!isDue) return false
      const about = { purpose: 'panel', subject: String(disputeId) }
      await sendRecorded(transactions, about, () => chain.drawPanel(disputeId))
      return true
    }
    const drawn = await doEach([...disputes].slice(0, SENT_A_ROUND), String, draw)
    const ofRecords = await drawRecordPanels(nowS)
    return { done: drawn.done + ofRecords.done, failed: [...drawn.failed, ...ofRecords.failed] }
  }

  /** Armed by one round, drawn by the next; what the chain then reports takes it off the list. */
  async function drawRecordPanels(nowS: number): Promise<DutyRound> {
    const draw = async ([key, { record, rulingEndsAtS }]: [string, ChallengedRecord]): Promise<boolean> => {
      // At the end, whatever comes of it.
      challenged.delete(key)
      if (nowS > rulingEndsAtS) return false
      challenged.set(key, { record, rulingEndsAtS })
      const { txHash } = await sendRecorded(transactions, { purpose: 'record-panel', subject: key }, () =>
        chain.drawRecordPanel(record),
      )
      if (txHash === null) challenged.delete(key)
      return txHash !== null
    }
    return doEach([...challenged].slice(0, SENT_A_ROUND), ([key]) => key, draw)
  }

  async function claimAnnounced(): Promise<DutyRound> {
    await follow()
    const { nowS } = await chain.head()
    const claim = async ([key, { voucher }]: [string, AnnouncedVoucher]): Promise<boolean> => {
      announced.delete(key)
      const due = await chain.voucherDueOf(voucher)
      if (due === 0n) return false
      // At the end, whatever comes of it; a payment in full is seen when it comes again.
      announced.set(key, { voucher, notBeforeS: nowS + ANNOUNCED_RETRY_S })
      if (due < ANNOUNCED_MICRO_USD_MIN) return false
      const about = { purpose: 'claim', subject: `${voucher.lane}:${voucher.epoch}` }
      const { txHash } = await sendRecorded(transactions, about, () => chain.claimAnnounced(voucher))
      return txHash !== null
    }
    // Older epochs first: a newer voucher would draw an older one's rest into its own epoch.
    const due = [...announced].filter(([, { notBeforeS }]) => notBeforeS <= nowS)
    const inOrder = due.toSorted(([, a], [, b]) => a.voucher.epoch - b.voucher.epoch)
    return doEach(inOrder.slice(0, SENT_A_ROUND), ([key]) => key, claim)
  }

  async function auditRecords(): Promise<DutyRound> {
    if (!audits) return { done: 0, failed: [] }
    await follow()
    return audits.round((await chain.head()).nowS)
  }

  async function watchFiles(): Promise<DutyRound> {
    if (!watch) return { done: 0, failed: [] }
    await follow()
    return watch.round((await chain.head()).nowS)
  }

  return { collectPenalties, drawPanels, claimAnnounced, auditRecords, watchFiles }
}

const recordKey = ({ nodeId, lane, epoch }: RecordName): string => `${nodeId}:${lane}:${epoch}`

function nameOf({ channelId, providerId, lane, epoch, cumulative, earned, receiptRoot }: Voucher): string {
  return [channelId, providerId, lane, epoch, cumulative, earned, receiptRoot].join(':')
}
