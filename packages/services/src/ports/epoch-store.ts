/** What settlement needs of the database. `db`'s repositories fit it. */
import type { EpochStatus } from '@isochrone/domain'

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
  receiptRoot: string
  signature: string
}

export interface EpochStore {
  get(lane: string, epoch: bigint): Promise<EpochRow | null>
  unsettled(limit: number): Promise<EpochRow[]>
  /** Whether an epoch of the lane ends right before this number. */
  endsBefore(lane: string, fromSeq: bigint): Promise<boolean>
  countReceipts(lane: string, fromSeq: bigint, toSeq: bigint): Promise<number>
  deliveries(lane: string, fromSeq: bigint, toSeq: bigint): Promise<unknown[]>
  vouchers(lane: string, epoch: bigint): Promise<StoredVoucher[]>
  recordSkip(key: { lane: string; epoch: bigint; channelId: string; providerId: string }, reason: string): Promise<void>
  advance(
    lane: string,
    epoch: bigint,
    from: EpochStatus,
    to: EpochStatus,
    data?: { anchoredTx?: string; claimedTx?: string; settledTx?: string; payableAtS?: bigint },
  ): Promise<boolean>
}
