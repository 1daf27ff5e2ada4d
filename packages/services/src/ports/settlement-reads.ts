/** What the money check reads. `db`'s settlement repository fits it. */
import type { EpochStatus } from '@isochrone/domain'

export interface SettlementFilter {
  orgId?: string | undefined
  requestIds?: readonly string[] | undefined
  /** Requests received at or after, ms since the epoch. */
  sinceMs?: number | undefined
}

export interface SettlementReads {
  requestCount(filter: SettlementFilter): Promise<number>
  selected(
    filter: SettlementFilter,
  ): Promise<{ lane: string; epoch: bigint | null; receipts: bigint; requests: bigint; microUsd: bigint }[]>
  epochs(numbers: readonly bigint[]): Promise<
    {
      lane: string
      epoch: bigint
      status: EpochStatus
      root: string
      fromSeq: bigint
      toSeq: bigint
      sumMicroUsd: bigint
      anchoredTx: string | null
      claimedTx: string | null
      settledTx: string | null
      payableAtS: bigint | null
      vouchers: { channelId: string; paidMicroUsd: bigint | null }[]
    }[]
  >
  receiptSums(numbers: readonly bigint[]): Promise<{ channelId: string; microUsd: bigint }[]>
  payouts(numbers: readonly bigint[]): Promise<{ txHash: string; feeMicroUsd: bigint; netMicroUsd: bigint }[]>
  channelIdOfOrg(orgId: string): Promise<string | null>
}
