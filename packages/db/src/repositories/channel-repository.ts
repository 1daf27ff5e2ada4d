/** Channels that organisations pay from, as the chain has them, and orders to fill them. */
import type { DbOrTx } from '../create-db.ts'

/** Lifetime totals of a channel as the contract has them. */
export interface ChannelTotals {
  depositedMicroUsd: bigint
  withdrawingMicroUsd: bigint
  withdrawnMicroUsd: bigint
  ceilingMicroUsd: bigint
  claimedMicroUsd: bigint
  /** Chain time, s; null while nothing thaws. */
  thawEndsAtS: bigint | null
}

/** @param db a transaction wherever several calls must agree. */
export function channelRepository(db: DbOrTx) {
  return {
    /** Channels that organisations pay from, those named or all. */
    async channels(ids?: readonly string[]) {
      return db.channel.findMany({ ...(ids && { where: { id: { in: [...ids] } } }), orderBy: { id: 'asc' } })
    },

    /** Ids of channels whose opening was not seen; those that waited longest since they were touched first. */
    async unopenedChannels(limit: number): Promise<string[]> {
      const where = { openedTx: null }
      const orderBy = [{ updatedAt: 'asc' as const }, { id: 'asc' as const }]
      return (await db.channel.findMany({ where, orderBy, take: limit, select: { id: true } })).map(({ id }) => id)
    },

    async touchChannels(ids: readonly string[]): Promise<void> {
      await db.channel.updateMany({ where: { id: { in: [...ids] } }, data: { updatedAt: new Date() } })
    },

    async updateChannel(id: string, totals: Partial<ChannelTotals> & { openedTx?: string | null }): Promise<void> {
      await db.channel.updateMany({ where: { id }, data: totals })
    },

    /** Channels whose owner has asked money back. */
    async thawingChannels() {
      return db.channel.findMany({ where: { withdrawingMicroUsd: { gt: 0n } }, orderBy: { id: 'asc' } })
    },

    async channelOfOrg(orgId: string) {
      return db.channel.findUnique({ where: { orgId } })
    },

    /** Orders that are not over, oldest first. */
    async openFundingOrders(limit: number) {
      return db.fundingOrder.findMany({
        where: { status: { in: ['requested', 'sent'] } },
        orderBy: { createdAt: 'asc' },
        take: limit,
      })
    },

    async updateFundingOrder(
      id: string,
      data: { status: string; txHash?: string | null; error?: string | null },
    ): Promise<void> {
      await db.fundingOrder.updateMany({ where: { id, status: { notIn: ['final', 'failed'] } }, data })
    },
  }
}
