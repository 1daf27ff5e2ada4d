/** What settlement needs of the database. `db`'s repositories fit it. */
import type { EpochStatus, RecordStatus } from '@isochrone/domain'

import type { ReceiptEvidence } from '../epochs/epoch-leaves.ts'

export interface EpochRow {
  lane: string
  epoch: bigint
  status: EpochStatus
  root: string
  count: bigint
  sumMicroUsd: bigint
  fromSeq: bigint
  toSeq: bigint
  anchor: unknown
  anchorSignature: string
  payableAtS: bigint | null
}

export interface StoredVoucher {
  lane: string
  epoch: bigint
  channelId: string
  providerId: string
  cumulativeMicroUsd: bigint
  /** Σ price of the provider's receipts in the lane's epoch, as the voucher says. */
  earnedMicroUsd: bigint
  receiptRoot: string
  signature: string
  skippedReason: string | null
}

export interface VoucherName {
  lane: string
  epoch: bigint
  channelId: string
  providerId: string
}

export interface EpochStore {
  get(lane: string, epoch: bigint): Promise<EpochRow | null>
  /** Oldest first; each lane has its turn when there are more than `limit`. */
  inStatus(status: EpochStatus, limit: number): Promise<EpochRow[]>
  /** Vouchers not paid in full for one of these reasons whose channels have something again, oldest epochs first. */
  skippedWithRoom(reasons: readonly string[], limit: number): Promise<StoredVoucher[]>
  /** The same of one lane before an epoch, whatever the channels have. */
  skippedBefore(lane: string, epoch: bigint, reasons: readonly string[]): Promise<StoredVoucher[]>
  /** Where less was claimed than the provider earned in the lane's epoch: a part may lie aside. Newest epochs first. */
  partsSetAside(lane: string, limit: number): Promise<{ providerId: string; epoch: bigint }[]>
  /** A settled epoch that something was claimed for is claimed again. */
  reopenSettled(lane: string, epoch: bigint): Promise<void>
  /** Whether an epoch of the lane ends right before this number. */
  endsBefore(lane: string, fromSeq: bigint): Promise<boolean>
  countReceipts(lane: string, fromSeq: bigint, toSeq: bigint): Promise<number>
  /** Receipt pairs by number. */
  evidence(lane: string, fromSeq: bigint, toSeq: bigint): Promise<ReceiptEvidence[]>
  vouchers(lane: string, epoch: bigint): Promise<StoredVoucher[]>
  /** A channel's vouchers that may have something due, of all lanes, oldest epochs first. */
  unpaidVouchers(channelId: string): Promise<(StoredVoucher & { epochRow: EpochRow })[]>
  /** Lanes with receipts on the channel that no closed epoch covers yet. */
  openLanes(channelId: string): Promise<string[]>
  recordSkip(key: VoucherName, reason: string | null): Promise<void>
  advance(
    lane: string,
    epoch: bigint,
    from: EpochStatus,
    to: EpochStatus,
    data?: { anchoredTx?: string; claimedTx?: string; settledTx?: string; payableAtS?: bigint },
  ): Promise<boolean>
}

export interface RecordKey {
  nodeId: string
  lane: string
  epoch: bigint
  version: number
}

export interface RecordRow extends RecordKey {
  status: RecordStatus
  providerId: string
  countsRoot: string
  record: unknown
  laneSignature: string
  nodeSignature: string | null
  /** Chain time, s: when it can be made final; of an invalid record, when its freeze is over. */
  finalAtS: bigint | null
}

export interface CountsRow extends RecordKey {
  channelId: string
  termsHash: string
  leaf: string
  counts: unknown
}

export interface RecordStanding {
  status: RecordStatus
  finalAtS?: bigint | null
  /** Of an open challenge; left alone without one. */
  challengeBondMicroUsd?: bigint
  rulingEndsAtS?: bigint
  reportedTx?: string | null
  finalTx?: string | null
}

export interface RecordStore {
  /**
   * Of anchored epochs, neither final nor invalid with nothing frozen nor within their window at `nowS` (chain time, s),
   * oldest epochs first; each provider of a lane has its turn when there are more than `limit`.
   */
  underWay(limit: number, nowS: number): Promise<RecordRow[]>
  /** True when the row was in one of the statuses `from`. */
  setStanding(key: RecordKey, from: readonly RecordStatus[], standing: RecordStanding): Promise<boolean>
  /** Of final records, in no pool yet, oldest epochs first; in turns, as records under way. */
  uncounted(limit: number): Promise<CountsRow[]>
  countsOf(key: RecordKey): Promise<CountsRow[]>
  markCounted(
    key: RecordKey & { channelId: string; termsHash: string },
    data: { countedTx: string | null; broken: number; creditMicroUsd: bigint },
  ): Promise<void>
  /** Signed `Terms` by hash; `{}` where prices were not signed yet. */
  termsValues(hashes: readonly string[]): Promise<Map<string, unknown>>
  /** Whether a record of the provider's is final in that epoch of the lane. */
  anyFinal(providerId: string, epoch: { lane: string; epoch: bigint }): Promise<boolean>
}
