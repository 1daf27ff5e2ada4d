/**
 * A journal entry as rows of the database, checked field by field: this is where another process's data comes in.
 *
 * Throws on an entry that contradicts itself: a receipt of another request or lane, a price that is not the sum.
 */
import { AppError, periodAt } from '@isochrone/domain'
import {
  bytes32Of,
  decodeLine,
  decodeStruct,
  merkleRoot,
  receiptLeaf,
  receiptStreamEntry,
  structHash,
  ZERO_BYTES32,
  type EpochClosedEntry,
  type Hex,
  type LeaseMeteredEntry,
  type MeteringRecountedEntry,
  type PerformanceSignedEntry,
  type ReceiptPairJson,
  type ReceiptStreamEntry,
} from '@isochrone/protocol'
import type {
  ClosedEpochRow,
  JobEnd,
  ReceiptRow,
  RecountRow,
  RequestRow,
  SignedRecordRow,
  SlaCountsRow,
  VoucherRow,
} from '../ports/receipt-store.ts'
import type { LeaseReceiptRow } from '../ports/lease-store.ts'
import { parseStorableJson } from './storable-json.ts'

export type EntryRows =
  | {
      kind: 'request'
      request: RequestRow
      receipts: ReceiptRow[]
      /** Midnight UTC before it came in, ms since the epoch. */
      dayMs: number
      /** Completed after the fact: it never replaces what the gateway itself said of the request. */
      recovered: boolean
      job: { id: string; end: Omit<JobEnd, 'now'> } | null
    }
  | { kind: 'epoch'; epoch: ClosedEpochRow; vouchers: VoucherRow[] }
  | { kind: 'recount'; recount: RecountRow }
  | { kind: 'lease'; lease: LeaseReceiptRow }
  | { kind: 'record'; record: SignedRecordRow; counts: SlaCountsRow[] }

/** @throws AppError `invalid_input` or ZodError, when the entry is not one. */
export function entryRowsOf(text: string): EntryRows {
  const entry = receiptStreamEntry.parse(parseStorableJson(text))
  if (entry.type === 'epoch-closed') return epochRows(entry)
  if (entry.type === 'metering-recounted') return recountRows(entry)
  if (entry.type === 'lease-metered') return leaseRows(entry)
  return entry.type === 'performance-signed' ? recordRows(entry) : requestRows(entry)
}

function requestRows(entry: Extract<ReceiptStreamEntry, { receipts: unknown }>): EntryRows {
  const { requestId, ...outcome } = entry.request
  const idHash = bytes32Of(requestId)
  const receipts = entry.receipts.map((pair) => receiptRow(entry.lane, requestId, idHash, pair))
  const delivered = receipts.find((row) => row.fault === 0) ?? receipts.at(-1)
  const request: RequestRow = {
    ...outcome,
    id: requestId,
    idHash,
    lane: entry.lane,
    priceMicroUsd: BigInt(outcome.priceMicroUsd),
    nodeId: delivered?.nodeId ?? null,
  }
  const sum = receipts.reduce((total, row) => total + row.priceMicroUsd, 0n)
  if (entry.type === 'request-finished' && sum !== request.priceMicroUsd) {
    throw contradiction(`${requestId} says ${request.priceMicroUsd} µUSD, its receipts ${sum}`)
  }
  const answer = entry.type === 'request-finished' ? entry.answer : undefined
  const { jobId, status, httpStatus, errorMessage } = outcome
  const end = {
    status: status === 'succeeded' ? 'succeeded' : 'failed',
    httpStatus,
    answer,
    error: errorMessage,
  } as const
  const job = jobId !== null && answer !== undefined ? { id: jobId, end } : null
  const dayMs = periodAt('day', outcome.receivedAtMs).startMs
  return { kind: 'request', request, receipts, dayMs, recovered: entry.type === 'receipt-recovered', job }
}

function receiptRow(lane: string, requestId: string, requestIdHash: string, pair: ReceiptPairJson): ReceiptRow {
  const { delivery, work } = decodeLine(pair)
  const { value } = delivery
  if (value.requestId !== requestIdHash) throw contradiction(`receipt ${value.seq} is not of ${requestId}`)
  if (value.lane !== lane) throw contradiction(`receipt ${value.seq} of ${requestId} is of another lane`)
  const workHash = work && structHash('WorkReceipt', work.value)
  if ((workHash ?? ZERO_BYTES32) !== value.workHash) throw contradiction(`receipt ${value.seq} answers other work`)
  return {
    lane,
    seq: BigInt(value.seq),
    deliveryHash: structHash('DeliveryReceipt', value),
    workHash,
    requestId,
    requestIdHash,
    attempt: value.attempt,
    nodeId: value.nodeId,
    channelId: value.channelId,
    priceMicroUsd: value.price,
    fault: value.fault,
    startedAtMs: BigInt(value.startedAtMs),
    delivery: pair.delivery,
    deliverySignature: pair.deliverySignature,
    work: pair.work,
    workSignature: pair.workSignature,
  }
}

function leaseRows({ lane, leaseId, lease }: LeaseMeteredEntry): EntryRows {
  const value = decodeStruct('LeaseReceipt', lease.receipt)
  if (value.lane !== lane) throw contradiction(`lease receipt ${value.seq} is of another lane`)
  if (value.leaseId !== bytes32Of(leaseId)) throw contradiction(`lease receipt ${value.seq} is not of ${leaseId}`)
  if (value.toMs < value.fromMs) throw contradiction(`lease receipt ${value.seq} ends before it begins`)
  return {
    kind: 'lease',
    lease: {
      lane,
      seq: BigInt(value.seq),
      hash: structHash('LeaseReceipt', value),
      leaseId,
      nodeId: value.nodeId,
      channelId: value.channelId,
      fromMs: BigInt(value.fromMs),
      toMs: BigInt(value.toMs),
      gpuMs: BigInt(value.gpuMs),
      priceMicroUsd: value.price,
      receipt: lease.receipt,
      laneSignature: lease.laneSignature,
      nodeSignature: lease.nodeSignature,
    },
  }
}

function epochRows(entry: EpochClosedEntry): EntryRows {
  const anchor = decodeStruct('EpochAnchor', entry.anchor)
  if (anchor.lane !== entry.lane) throw contradiction(`epoch ${anchor.epoch} is of another lane`)
  const epoch = BigInt(anchor.epoch)
  const vouchers = entry.vouchers.map(({ voucher, signature }): VoucherRow => {
    const value = decodeStruct('Voucher', voucher)
    if (value.lane !== entry.lane || value.epoch !== anchor.epoch) {
      throw contradiction(`epoch ${anchor.epoch} has a voucher of ${value.epoch}`)
    }
    const { channelId, providerId, receiptRoot } = value
    const amounts = { cumulativeMicroUsd: value.cumulative, earnedMicroUsd: value.earned }
    return { lane: entry.lane, epoch, channelId, providerId, ...amounts, receiptRoot, signature }
  })
  return {
    kind: 'epoch',
    epoch: {
      lane: entry.lane,
      epoch,
      root: anchor.root,
      count: BigInt(anchor.count),
      sumMicroUsd: anchor.sum,
      dataHash: anchor.dataHash,
      fromSeq: BigInt(entry.fromSeq),
      toSeq: BigInt(entry.toSeq),
      anchor: entry.anchor,
      anchorSignature: entry.anchorSignature,
      closedAtMs: BigInt(Math.trunc(entry.closedAtMs)),
    },
    vouchers,
  }
}

function recountRows(entry: MeteringRecountedEntry): EntryRows {
  const { type: _type, seq, billed, recounted, priceMicroUsd, refundMicroUsd, ...rest } = entry
  const price = BigInt(priceMicroUsd)
  const refund = BigInt(refundMicroUsd)
  const claimed = billed.tokensIn + billed.tokensCached
  const found = recounted.tokensIn + recounted.tokensCached
  if (refund > price) throw contradiction(`receipt ${seq} of ${price} µUSD is refunded ${refund}`)
  if (found > claimed || recounted.tokensOut > billed.tokensOut)
    throw contradiction(`receipt ${seq} is recounted upwards`)
  return {
    kind: 'recount',
    recount: {
      ...rest,
      seq: BigInt(seq),
      billedIn: billed.tokensIn,
      billedCached: billed.tokensCached,
      billedOut: billed.tokensOut,
      recountedIn: recounted.tokensIn,
      recountedCached: recounted.tokensCached,
      recountedOut: recounted.tokensOut,
      priceMicroUsd: price,
      refundMicroUsd: refund,
    },
  }
}

function recordRows(entry: PerformanceSignedEntry): EntryRows {
  const record = decodeStruct('PerformanceRecord', entry.record)
  const { nodeId, lane, version, countsRoot } = record
  const what = `the record of node ${nodeId} in epoch ${record.epoch}`
  if (lane !== entry.lane) throw contradiction(`${what} is of another lane`)
  const epoch = BigInt(record.epoch)
  let spent = 0n
  const counts = entry.counts.map((json): SlaCountsRow => {
    const value = decodeStruct('SlaCounts', json)
    if (value.nodeId !== nodeId || value.lane !== lane || value.epoch !== record.epoch) {
      throw contradiction(`${what} has counts of another`)
    }
    const { channelId, termsHash } = value
    spent += value.spent
    const leaf = receiptLeaf('SlaCounts', value)
    return { nodeId, lane, epoch, version, channelId, termsHash, leaf, counts: json }
  })
  if (counts.length === 0) throw contradiction(`${what} has no counts`)
  const root = merkleRoot(counts.map(({ leaf }) => leaf as Hex))
  if (root !== countsRoot) throw contradiction(`${what} names counts ${countsRoot}, but has ${root}`)
  if (spent !== record.earned) throw contradiction(`${what} says ${record.earned} µUSD, its counts ${spent}`)
  const { earned, attempts, faults } = record
  const { laneSignature, nodeSignature, nodeReason } = entry
  const signatures = { laneSignature, nodeSignature, nodeReason }
  return {
    kind: 'record',
    record: {
      nodeId,
      lane,
      epoch,
      version,
      attempts,
      faults,
      countsRoot,
      earnedMicroUsd: earned,
      record: entry.record,
      ...signatures,
    },
    counts,
  }
}

function contradiction(what: string): AppError {
  return new AppError('invalid_input', { publicMessage: `A journal entry contradicts itself: ${what}.` })
}
