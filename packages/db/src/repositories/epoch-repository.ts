/** Lanes' epochs on their way to money. Status moves forward only, by conditional update. */
import type { DbOrTx } from '../create-db.ts'
import type { Epoch, EpochStatus, Prisma } from '../generated/client.ts'
import type { NewVoucher } from './voucher-repository.ts'

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

/** Of one receipt: a delivery with the work that it answers, or a lease's. */
export type Evidence = { delivery: unknown; work: unknown } | { lease: unknown }

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

    /**
     * Those that are on this step, oldest first. Each lane has its turn when there are too many: one whose epochs cannot
     * go on never fills the round of all others.
     */
    async inStatus(status: EpochStatus, limit: number): Promise<Epoch[]> {
      return db.$queryRaw<Epoch[]>`
        select chosen.* from (
          select e.*, row_number() over (partition by e.lane order by e.epoch) as turn
          from epoch e where e.status = ${status}::"EpochStatus"
          order by turn, e.epoch, e.lane limit ${limit}
        ) chosen order by chosen.epoch, chosen.lane`
    },

    /** Greatest number that a closed epoch of the lane covers; null when it has none. */
    async lastCoveredSeq(lane: string): Promise<bigint | null> {
      const { _max } = await db.epoch.aggregate({ where: { lane }, _max: { toSeq: true } })
      return _max.toSeq
    },

    /** Whether an epoch of the lane ends right before this number. */
    async endsBefore(lane: string, fromSeq: bigint): Promise<boolean> {
      return (await db.epoch.count({ where: { lane, toSeq: fromSeq - 1n } })) > 0
    },

    /** Receipts with these numbers: pairs, and those of leases. */
    async evidence(lane: string, fromSeq: bigint, toSeq: bigint): Promise<Evidence[]> {
      const where = { lane, seq: { gte: fromSeq, lte: toSeq } }
      const [pairs, leases] = [
        await db.receipt.findMany({ where, orderBy: { seq: 'asc' }, select: { delivery: true, work: true } }),
        await db.leaseReceipt.findMany({ where, orderBy: { seq: 'asc' }, select: { receipt: true } }),
      ]
      return [...pairs, ...leases.map(({ receipt }) => ({ lease: receipt }))]
    },

    async countReceipts(lane: string, fromSeq: bigint, toSeq: bigint): Promise<number> {
      const where = { lane, seq: { gte: fromSeq, lte: toSeq } }
      return (await db.receipt.count({ where })) + (await db.leaseReceipt.count({ where }))
    },

    /** A settled epoch that something was claimed for is claimed again. */
    async reopenSettled(lane: string, epoch: bigint): Promise<void> {
      await db.epoch.updateMany({ where: { lane, epoch, status: 'settled' }, data: { status: 'claimed' } })
    },

    /** Lanes with receipts on the channel, of requests or of leases, that no closed epoch covers yet. */
    async openLanes(channelId: string): Promise<string[]> {
      const rows = await db.$queryRaw<{ lane: string }[]>`
        select lane from receipt where "channelId" = ${channelId} and epoch is null
        union select lane from lease_receipt where "channelId" = ${channelId} and epoch is null order by lane`
      return rows.map(({ lane }) => lane)
    },

    async noteAnchored(lane: string, epoch: bigint, anchoredTx: string): Promise<void> {
      await db.epoch.updateMany({ where: { lane, epoch, anchoredTx: null }, data: { anchoredTx } })
    },

    async noteSettled(lane: string, epoch: bigint, settledTx: string): Promise<void> {
      await db.epoch.updateMany({ where: { lane, epoch, settledTx: null }, data: { settledTx } })
    },

    /** Back to the first step: something that the chain had said of the epoch is not on it any more. */
    async reopen(lane: string, epoch: bigint): Promise<void> {
      const nothing = { anchoredTx: null, claimedTx: null, settledTx: null, payableAtS: null }
      await db.epoch.updateMany({ where: { lane, epoch }, data: { status: 'closed', ...nothing } })
    },

    /** A settlement that the chain had is not on it any more. */
    async unsettle(lane: string, epoch: bigint): Promise<void> {
      await db.epoch.updateMany({
        where: { lane, epoch, status: 'settled' },
        data: { status: 'claimed', settledTx: null },
      })
    },

    /** True when this call moved it from `from` to `to`. */
    async advance(
      lane: string,
      epoch: bigint,
      from: EpochStatus,
      to: EpochStatus,
      data: { anchoredTx?: string; claimedTx?: string; settledTx?: string; payableAtS?: bigint } = {},
    ): Promise<boolean> {
      const { count } = await db.epoch.updateMany({
        where: { lane, epoch, status: from },
        data: { ...data, status: to },
      })
      return count === 1
    },
  }
}
