/** What anyone may see of settlement: lanes' epochs, their roots and vouchers. */
import type { EpochStatus } from '@isochrone/domain'
import type { RecordSummary } from './records.ts'

export interface EpochSummary {
  lane: string
  epoch: number
  status: EpochStatus
  root: string
  /** Leaves: work receipts count beside the deliveries that name them. */
  count: number
  /** Numbers of the lane that it covers. */
  receipts: number
  sumMicroUsd: bigint
  closedAtMs: number
  anchoredTx: string | null
  claimedTx: string | null
  settledTx: string | null
  payableAtMs: number | null
}

export interface VoucherView {
  channelId: string
  providerId: string
  providerName: string | null
  cumulativeMicroUsd: bigint
  paidMicroUsd: bigint | null
  skippedReason: string | null
  claimedTx: string | null
}

export interface EpochDetail extends EpochSummary {
  dataHash: string
  fromSeq: number
  toSeq: number
  /** `EpochAnchor` as the lane signed it, integers as text where they exceed 53 bits. */
  anchor: Record<string, string | number>
  anchorSignature: string
  /** Where the lane publishes the epoch file, null when the lane is unknown. */
  fileUrl: string | null
  /** Receipts that are paid by less than they say, after a recount of their tokens: the vouchers lack the sum. */
  corrections: { count: number; refundMicroUsd: bigint }
  vouchers: VoucherView[]
  /** Newest version of each node's. */
  records: RecordSummary[]
}
