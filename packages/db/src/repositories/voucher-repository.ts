/** Vouchers of epochs, and what claims have paid of them. */
import type { DbOrTx } from '../create-db.ts'

export interface StoredVoucher extends NewVoucher {
  skippedReason: string | null
}

export interface NewVoucher {
  lane: string
  epoch: bigint
  channelId: string
  providerId: string
  cumulativeMicroUsd: bigint
  earnedMicroUsd: bigint
  receiptRoot: string
  signature: string
}

/** @param db a transaction wherever several calls must agree. */
export function voucherRepository(db: DbOrTx) {
  return {
    async vouchers(lane: string, epoch: bigint) {
      return db.voucher.findMany({
        where: { lane, epoch },
        orderBy: [{ channelId: 'asc' }, { providerId: 'asc' }],
      })
    },

    /** Vouchers not paid in full for one of these reasons whose channels have something again, oldest epochs first. */
    async skippedWithRoom(reasons: readonly string[], limit: number): Promise<StoredVoucher[]> {
      return db.$queryRaw<StoredVoucher[]>`
        select voucher.* from voucher join channel on channel.id = voucher."channelId"
        where voucher."skippedReason" = any(${[...reasons]}::text[])
          and least(channel."depositedMicroUsd" - channel."withdrawnMicroUsd", channel."ceilingMicroUsd")
              > channel."claimedMicroUsd"
        order by voucher.epoch, voucher.lane, voucher."channelId", voucher."providerId" limit ${limit}`
    },

    /** The same of one lane before an epoch, whatever the channels have. */
    async skippedBefore(lane: string, epoch: bigint, reasons: readonly string[]): Promise<StoredVoucher[]> {
      return db.voucher.findMany({
        where: { lane, epoch: { lt: epoch }, skippedReason: { in: [...reasons] } },
        orderBy: [{ epoch: 'asc' }, { channelId: 'asc' }, { providerId: 'asc' }],
      })
    },

    /**
     * Where something was claimed, but less than the vouchers say that the provider earned in the lane's epoch: a part
     * may lie aside there. Newest epochs first.
     */
    async partsSetAside(lane: string, limit: number): Promise<{ providerId: string; epoch: bigint }[]> {
      return db.$queryRaw<{ providerId: string; epoch: bigint }[]>`
        select "providerId", epoch from voucher where lane = ${lane}
        group by epoch, "providerId"
        having sum("paidMicroUsd") > 0 and max("earnedMicroUsd") > sum("paidMicroUsd")
        order by epoch desc, "providerId" limit ${limit}`
    },

    /** A channel's vouchers that may have something due, of all lanes, oldest epochs first. */
    async unpaidVouchers(channelId: string) {
      const open = { epochRow: { status: { in: ['closed' as const, 'anchored' as const] } } }
      return db.voucher.findMany({
        where: { channelId, OR: [open, { skippedReason: { not: null } }] },
        orderBy: [{ epoch: 'asc' }, { lane: 'asc' }, { providerId: 'asc' }],
        include: { epochRow: true },
      })
    },

    /** Why the chain paid a voucher in part or not at all; null once it has. */
    async recordSkip(
      key: { lane: string; epoch: bigint; channelId: string; providerId: string },
      skippedReason: string | null,
    ): Promise<void> {
      await db.voucher.updateMany({ where: key, data: { skippedReason } })
    },

    /**
     * Adds what a `Claimed` event paid. Once for each event: in the transaction that moves the indexer's cursor. Anybody may
     * claim a voucher before it is stored here; what that paid is kept beside until it is.
     */
    async addClaim(
      key: { lane: string; epoch: bigint; channelId: string; providerId: string },
      paidMicroUsd: bigint,
      claimedTx: string,
    ): Promise<void> {
      const { lane, epoch, channelId, providerId } = key
      const noted = await db.$executeRaw`
        update voucher
        set "paidMicroUsd" = least(coalesce("paidMicroUsd", 0)::numeric + ${paidMicroUsd}::bigint, 9223372036854775807)::bigint,
            "claimedTx" = ${claimedTx}
        where lane = ${lane} and epoch = ${epoch} and "channelId" = ${channelId} and "providerId" = ${providerId}`
      if (noted === 0) {
        await db.$executeRaw`
          insert into early_claim (lane, epoch, "channelId", "providerId", "paidMicroUsd", "claimedTx")
          values (${lane}, ${epoch}, ${channelId}, ${providerId}, ${paidMicroUsd}, ${claimedTx})
          on conflict (lane, epoch, "channelId", "providerId") do update
          set "claimedTx" = excluded."claimedTx",
              "paidMicroUsd" = least(early_claim."paidMicroUsd"::numeric + excluded."paidMicroUsd", 9223372036854775807)::bigint`
      }
      await db.epoch.updateMany({ where: { lane, epoch, claimedTx: null }, data: { claimedTx } })
      // Somebody paid more of what a channel was short of: there is something to pay out again.
      const short = { lane, epoch, status: 'settled' as const, vouchers: { some: { skippedReason: { not: null } } } }
      await db.epoch.updateMany({ where: short, data: { status: 'claimed' } })
    },

    async adoptEarlyClaims(): Promise<number> {
      return adoptEarlyClaims(db)
    },

    /** Takes back what a `Claimed` event paid that a reorganisation removed. */
    async subtractClaim(
      key: { lane: string; epoch: bigint; channelId: string; providerId: string },
      paidMicroUsd: bigint,
    ): Promise<void> {
      const { lane, epoch, channelId, providerId } = key
      await adoptEarlyClaims(db)
      const noted = await db.$executeRaw`
        update voucher
        set "paidMicroUsd" = nullif(coalesce("paidMicroUsd", 0) - ${paidMicroUsd}, 0), "claimedTx" = null
        where lane = ${lane} and epoch = ${epoch} and "channelId" = ${channelId} and "providerId" = ${providerId}`
      if (noted > 0) return
      await db.$executeRaw`
        update early_claim set "paidMicroUsd" = "paidMicroUsd" - ${paidMicroUsd}
        where lane = ${lane} and epoch = ${epoch} and "channelId" = ${channelId} and "providerId" = ${providerId}`
      await db.$executeRaw`delete from early_claim where "paidMicroUsd" <= 0`
    },

    /** Forgets what was paid, to count it anew from the chain. */
    async forgetClaims(): Promise<void> {
      await db.voucher.updateMany({ data: { paidMicroUsd: null, claimedTx: null, skippedReason: null } })
      await db.earlyClaim.deleteMany()
      await db.epoch.updateMany({ data: { status: 'closed', anchoredTx: null, claimedTx: null, settledTx: null } })
    },
  }
}

/**
 * Notes at their vouchers what claims paid that came before them; how many. One statement moves them, so each is noted once,
 * whoever else does it at the same time.
 */
async function adoptEarlyClaims(db: DbOrTx): Promise<number> {
  const adopted = await db.$queryRaw<{ lane: string; epoch: bigint; claimedTx: string }[]>`
    with adopted as (
      delete from early_claim e using voucher v
      where (v.lane, v.epoch, v."channelId", v."providerId") = (e.lane, e.epoch, e."channelId", e."providerId")
      returning e.*
    )
    update voucher v
    set "paidMicroUsd" = least(coalesce(v."paidMicroUsd", 0)::numeric + a."paidMicroUsd", 9223372036854775807)::bigint,
        "claimedTx" = a."claimedTx"
    from adopted a
    where (v.lane, v.epoch, v."channelId", v."providerId") = (a.lane, a.epoch, a."channelId", a."providerId")
    returning v.lane, v.epoch, v."claimedTx"`
  for (const { lane, epoch, claimedTx } of adopted) {
    await db.epoch.updateMany({ where: { lane, epoch, claimedTx: null }, data: { claimedTx } })
  }
  return adopted.length
}
