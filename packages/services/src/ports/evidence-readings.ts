/** What the pages of receipts, epochs, records, claims and statements read. `db`'s evidence repository fits it. */
import type { RecordStatus } from '@isochrone/domain'
import type { LeaseReceiptRow } from './lease-store.ts'
import type { EpochRow, MovementRow, PayoutRow, ReceiptRow } from './rows.ts'

export interface ReceiptListRow {
  seq: bigint
  attempt: number
  nodeId: string
  channelId: string
  priceMicroUsd: bigint
  fault: number
  startedAtMs: bigint
  delivery: unknown
}

/** A receipt with the request that it answers: only its payer may be told which. */
export type PlacedReceiptRow = ReceiptRow & { requestId: string; channelId: string }

/** A lease receipt with whose it is: the organisation that rents, and the provider of the node. */
export interface OwnedLeaseReceiptRow extends LeaseReceiptRow {
  /** Null while it is open. */
  epoch: bigint | null
  orgId: string
  /** Null for a node that is not known here any more. */
  providerId: string | null
}

/** Either is enough. */
export interface LeaseReceiptOwner {
  orgId: string | null
  providerId: string | null
}

export interface RecordRow {
  nodeId: string
  lane: string
  epoch: bigint
  version: number
  status: RecordStatus
  providerId: string
  earnedMicroUsd: bigint
  attempts: number
  faults: number
  countsRoot: string
  /** `PerformanceRecord` as signed. */
  record: unknown
  laneSignature: string
  nodeSignature: string | null
  nodeReason: string | null
  finalAtS: bigint | null
  /** Of its challenge, kept when that is over; null where nobody ever made one. */
  challengeBondMicroUsd: bigint | null
  rulingEndsAtS: bigint | null
  reportedTx: string | null
  finalTx: string | null
  challengedTx: string | null
  challengerReason: string | null
}

export interface CountsRow {
  channelId: string
  termsHash: string
  leaf: string
  /** `SlaCounts` as hashed. */
  counts: unknown
  countedTx: string | null
  broken: number | null
  creditMicroUsd: bigint | null
}

/** What broke a promise, with the record that holds it. */
export interface BrokenCountsRow extends CountsRow {
  nodeId: string
  lane: string
  epoch: bigint
}

/** Counts that are in no pool yet, of a record that is reported or final. */
export interface WaitingCountsRow extends CountsRow {
  nodeId: string
  lane: string
  epoch: bigint
  status: RecordStatus
  finalAtS: bigint | null
}

export interface TermsRow {
  hash: string
  providerId: string
  /** `Terms` as hashed; `{}` for terms from before prices were signed. */
  values: unknown
  document: unknown
  registeredTx: string | null
}

export type ProviderVoucherRow = {
  lane: string
  epoch: bigint
  channelId: string
  cumulativeMicroUsd: bigint
  paidMicroUsd: bigint | null
  skippedReason: string | null
  claimedTx: string | null
}

/** A row of a channel's history before which a list goes on. */
export interface BeforeMovement {
  blockNumber: bigint
  logIndex: number
}

export interface HistoryFilter {
  channelId: string
  kinds: readonly MovementRow['kind'][] | null
  /** Both ends in ms since the epoch; from included, to not. */
  fromMs: number | null
  toMs: number | null
  limit: number
  before: BeforeMovement | null
}

/** At most `limit` rows of an epoch, of numbers above `afterSeq`. */
export interface EpochPage {
  lane: string
  epoch: bigint
  afterSeq: bigint
  limit: number
}

export interface EvidenceReadings {
  receipt(lane: string, seq: bigint): Promise<PlacedReceiptRow | null>
  leaseReceipt(lane: string, seq: bigint): Promise<OwnedLeaseReceiptRow | null>
  /** Struct hash of a delivery, a work or a lease receipt. */
  receiptPlace(hash: string): Promise<{ lane: string; seq: bigint; isLease: boolean } | null>
  /** In order of their numbers; those of one organisation's leases, of one provider's nodes, or all. */
  leaseReceiptsOfEpoch(filter: EpochPage & { of: LeaseReceiptOwner | 'all' }): Promise<OwnedLeaseReceiptRow[]>
  /** How many lease receipts of a provider's nodes are in each of these epochs; none for epochs without any. */
  leaseReceiptCounts(
    providerId: string,
    keys: readonly { lane: string; epoch: bigint }[],
  ): Promise<{ lane: string; epoch: bigint; count: number }[]>
  /** In order of their numbers, above `afterSeq`. */
  receiptsOfEpoch(filter: {
    lane: string
    epoch: bigint
    afterSeq: bigint
    limit: number
    channelId: string | null
  }): Promise<ReceiptListRow[]>
  /** Struct hashes of delivery receipts and of the work receipts that they answer, in order of their numbers. */
  leafHashes(page: EpochPage): Promise<{ seq: bigint; deliveryHash: string; workHash: string | null }[]>
  /** Struct hashes of an epoch's lease receipts, in order of their numbers. */
  leaseHashesOfEpoch(page: EpochPage): Promise<{ seq: bigint; hash: string }[]>
  recordsOfEpoch(lane: string, epoch: bigint): Promise<RecordRow[]>
  /** Counts of these nodes by which a pool broke a promise, newest epoch first. */
  brokenCounts(nodeIds: readonly string[], limit: number): Promise<BrokenCountsRow[]>
  /** Newest epochs first. */
  waitingCounts(nodeIds: readonly string[], limit: number): Promise<WaitingCountsRow[]>
  /** Every version of one record, newest first. */
  recordVersions(key: { nodeId: string; lane: string; epoch: bigint }): Promise<RecordRow[]>
  countsOf(key: { nodeId: string; lane: string; epoch: bigint; version: number }): Promise<CountsRow[]>
  /** Of these (lane, epoch)s and one provider. */
  recordsOfProvider(providerId: string, keys: readonly { lane: string; epoch: bigint }[]): Promise<RecordRow[]>
  /** Epochs that hold vouchers or records of a provider, newest first; `status` of any of its records there. */
  epochsOfProvider(filter: {
    providerId: string
    limit: number
    before: { closedAtMs: bigint; lane: string } | null
    recordStatus: RecordStatus | null
  }): Promise<EpochRow[]>
  vouchersOfProvider(
    providerId: string,
    keys: readonly { lane: string; epoch: bigint }[],
  ): Promise<ProviderVoucherRow[]>
  payoutsOfEpochs(providerId: string, keys: readonly { lane: string; epoch: bigint }[]): Promise<PayoutRow[]>
  termsRows(hashes: readonly string[]): Promise<TermsRow[]>
  /** Newest first. */
  history(filter: HistoryFilter): Promise<(MovementRow & { logIndex: number })[]>
}
