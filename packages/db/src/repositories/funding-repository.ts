/** Channels and the orders to fund them. The chain is the truth of a channel's totals; the worker's indexer copies it. */
import type { DbOrTx } from '../create-db.ts'

export function fundingRepository(db: DbOrTx) {
  return {
    async channelOfOrg(orgId: string) {
      return db.channel.findUnique({ where: { orgId } })
    },

    async insertChannel(row: {
      id: string
      orgId: string
      custody: 'managed' | 'wallet'
      ownerAddress: string
      salt: string
    }) {
      const { count } = await db.channel.createMany({ data: [row], skipDuplicates: true })
      return count === 0 ? null : db.channel.findUnique({ where: { id: row.id } })
    },

    async removeUnusedChannel(channelId: string): Promise<boolean> {
      const used = await db.receipt.findFirst({ where: { channelId }, select: { seq: true } })
      if (used) return false
      const { count } = await db.channel.deleteMany({
        where: { id: channelId, openedTx: null, depositedMicroUsd: 0n, movements: { none: {} } },
      })
      return count > 0
    },

    async movements(channelId: string, limit: number) {
      return db.channelMovement.findMany({
        where: { channelId },
        orderBy: [{ blockNumber: 'desc' }, { logIndex: 'desc' }],
        take: limit,
      })
    },

    async orders(orgId: string, limit: number) {
      return db.fundingOrder.findMany({ where: { orgId }, orderBy: { createdAt: 'desc' }, take: limit })
    },

    async orderByKey(orgId: string, key: string) {
      return db.fundingOrder.findUnique({ where: { orgId_key: { orgId, key } } })
    },

    async insertOrder(row: { id: string; orgId: string; key: string; microUsd: bigint; requestedBy: string }) {
      const { count } = await db.fundingOrder.createMany({ data: [row], skipDuplicates: true })
      return count === 0 ? null : db.fundingOrder.findUnique({ where: { id: row.id } })
    },

    async openOrders(orgId: string): Promise<number> {
      return db.fundingOrder.count({ where: { orgId, status: { in: ['requested', 'sent'] } } })
    },

    async signedMicroUsd(channelId: string): Promise<bigint> {
      const where = { where: { channelId }, _sum: { priceMicroUsd: true } } as const
      const [requests, leases] = [await db.receipt.aggregate(where), await db.leaseReceipt.aggregate(where)]
      return (requests._sum.priceMicroUsd ?? 0n) + (leases._sum.priceMicroUsd ?? 0n)
    },

    /** What leases hold beyond what they were billed. */
    async heldMicroUsd(channelId: string): Promise<bigint> {
      const { _sum } = await db.lease.aggregate({
        where: { channelId, status: { in: ['provisioning', 'running', 'moving', 'stopping'] } },
        _sum: { reservedMicroUsd: true, billedMicroUsd: true },
      })
      return (_sum.reservedMicroUsd ?? 0n) - (_sum.billedMicroUsd ?? 0n)
    },

    async signedSinceMicroUsd(channelId: string, sinceMs: number): Promise<bigint> {
      const { _sum } = await db.receipt.aggregate({
        where: { channelId, startedAtMs: { gte: BigInt(sinceMs) } },
        _sum: { priceMicroUsd: true },
      })
      const leases = await db.leaseReceipt.aggregate({
        where: { channelId, fromMs: { gte: BigInt(sinceMs) } },
        _sum: { priceMicroUsd: true },
      })
      return (_sum.priceMicroUsd ?? 0n) + (leases._sum.priceMicroUsd ?? 0n)
    },
  }
}
