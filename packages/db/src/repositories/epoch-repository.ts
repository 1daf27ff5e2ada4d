/** Lanes' epochs and vouchers on their way to money. Status moves forward only, by conditional update. */
import type { DbOrTx } from '../create-db.ts'
import type { EpochStatus, Prisma } from '../generated/client.ts'

export interface NewEpoch {
  lane: string
  epoch: bigint
  root: string
  count: bigint
  sumMicroUsd: bigint
  dataHash: string
  fromSeq: bigint
  toSeq: bigint
  anchor: unknown
  anchorSignature: string
  closedAtMs: bigint
}

export interface NewVoucher {
  lane: string
  epoch: bigint
  channelId: string
  providerId: string
  cumulativeMicroUsd: bigint
  receiptRoot: string
  signature: string
}

/** @param db a transaction wherever several calls must agree. */
export function epochRepository(db: DbOrTx) {
  return {
    /** Inserts what is new. An epoch that is there already stays as it is. */
    async insertClosed(epochs: readonly NewEpoch[], vouchers: readonly NewVoucher[]): Promise<void> {
      if (epochs.length > 0) {
        const data = epochs.map((row) => ({ ...row, anchor: row.anchor as Prisma.InputJsonObject }))
        await db.epoch.createMany({ data, skipDuplicates: true })
      }
      if (vouchers.length > 0) await db.voucher.createMany({ data: [...vouchers], skipDuplicates: true })
    },

    async get(lane: string, epoch: bigint) {
      return db.epoch.findUnique({ where: { lane_epoch: { lane, epoch } } })
    },

    /** Not settled yet, oldest first. */
    async unsettled(limit: number) {
      return db.epoch.findMany({
        where: { status: { not: 'settled' } },
        orderBy: [{ epoch: 'asc' }, { lane: 'asc' }],
        take: limit,
      })
    },

    /** Greatest number that a closed epoch of the lane covers; null when it has none. */
    async lastCoveredSeq(lane: string): Promise<bigint | null> {
      const { _max } = await db.epoch.aggregate({ where: { lane }, _max: { toSeq: true } })
      return _max.toSeq
    },

    /** Delivery receipts that the epoch covers, by number. */
    async deliveries(lane: string, fromSeq: bigint, toSeq: bigint): Promise<unknown[]> {
      const rows = await db.receipt.findMany({
        where: { lane, seq: { gte: fromSeq, lte: toSeq } },
        orderBy: { seq: 'asc' },
        select: { delivery: true },
      })
      return rows.map((row) => row.delivery)
    },

    async countReceipts(lane: string, fromSeq: bigint, toSeq: bigint): Promise<number> {
      return db.receipt.count({ where: { lane, seq: { gte: fromSeq, lte: toSeq } } })
    },

    async vouchers(lane: string, epoch: bigint) {
      return db.voucher.findMany({
        where: { lane, epoch },
        orderBy: [{ channelId: 'asc' }, { providerId: 'asc' }],
      })
    },

    /** What the chain said of a voucher. */
    async recordClaim(claim: {
      lane: string
      epoch: bigint
      channelId: string
      providerId: string
      paidMicroUsd: bigint
      skippedReason: string | null
      claimedTx: string | null
    }): Promise<void> {
      const { lane, epoch, channelId, providerId, ...data } = claim
      await db.voucher.update({ where: { lane_epoch_channelId_providerId: { lane, epoch, channelId, providerId } }, data })
    },

    /** True when this call moved it from `from` to `to`. */
    async advance(
      lane: string,
      epoch: bigint,
      from: EpochStatus,
      to: EpochStatus,
      data: { anchoredTx?: string | null; claimedTx?: string | null; settledTx?: string | null; payableAtS?: bigint } = {},
    ): Promise<boolean> {
      const { count } = await db.epoch.updateMany({ where: { lane, epoch, status: from }, data: { ...data, status: to } })
      return count === 1
    },

    async setPayableAt(lane: string, epoch: bigint, payableAtS: bigint): Promise<void> {
      await db.epoch.updateMany({ where: { lane, epoch }, data: { payableAtS } })
    },
  }
}

export type EpochRepository = ReturnType<typeof epochRepository>
