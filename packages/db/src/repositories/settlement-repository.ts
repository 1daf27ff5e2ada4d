/** Reads for the money check: which epochs hold given receipts, and every sum on the way from payer to provider. */
import type { DbOrTx } from '../create-db.ts'
import { Prisma } from '../generated/client.ts'

export interface SettlementFilter {
  orgId?: string | undefined
  requestIds?: readonly string[] | undefined
  /** Requests received at or after, ms since the epoch. */
  sinceMs?: number | undefined
}

export function settlementRepository(db: DbOrTx) {
  return {
    /** Receipts that the filter selects, grouped by lane and epoch (null = not closed yet). */
    async selected(filter: SettlementFilter) {
      return db.$queryRaw<
        { lane: string; epoch: bigint | null; receipts: bigint; requests: bigint; microUsd: bigint }[]
      >`
        select receipt.lane, receipt.epoch, count(*) as receipts, count(distinct receipt."requestId") as requests,
               coalesce(sum(receipt."priceMicroUsd"), 0)::bigint as "microUsd"
        from receipt join request on request.id = receipt."requestId"
        where ${conditions(filter)} group by 1, 2`
    },

    /** How many requests the filter selects. */
    async requestCount(filter: SettlementFilter): Promise<number> {
      const rows = await db.$queryRaw<{ count: bigint }[]>`
        select count(*) as count from request where ${conditions(filter)}`
      return Number(rows[0]?.count ?? 0n)
    },

    /** All lanes' epochs with these numbers: pending, and so payouts, are kept by provider and epoch number. */
    async epochs(numbers: readonly bigint[]) {
      if (numbers.length === 0) return []
      return db.epoch.findMany({
        where: { epoch: { in: [...numbers] } },
        orderBy: [{ epoch: 'asc' }, { lane: 'asc' }],
        include: { vouchers: true },
      })
    },

    /** Σ receipts, those of leases too, less refunds for recounted tokens, by channel over the epochs with these numbers, all lanes. */
    async receiptSums(numbers: readonly bigint[]) {
      if (numbers.length === 0) return []
      return db.$queryRaw<{ channelId: string; microUsd: bigint }[]>`
        select paid."channelId", coalesce(sum(paid."microUsd"), 0)::bigint as "microUsd" from (
          select r."channelId", r."priceMicroUsd" - coalesce(m."refundMicroUsd", 0) as "microUsd"
          from receipt r left join metering_recount m on m.lane = r.lane and m.seq = r.seq
          where r.epoch in (${Prisma.join([...numbers])})
          union all
          select "channelId", "priceMicroUsd" from lease_receipt where epoch in (${Prisma.join([...numbers])})
        ) paid group by 1`
    },

    async payouts(numbers: readonly bigint[]) {
      if (numbers.length === 0) return []
      return db.payout.findMany({ where: { epoch: { in: [...numbers] } }, orderBy: { blockNumber: 'asc' } })
    },

    async channelIdOfOrg(orgId: string): Promise<string | null> {
      const row = await db.channel.findUnique({ where: { orgId }, select: { id: true } })
      return row?.id ?? null
    },
  }
}

export type SettlementRepository = ReturnType<typeof settlementRepository>

function conditions({ orgId, requestIds, sinceMs }: SettlementFilter): Prisma.Sql {
  const parts = [Prisma.sql`true`]
  if (orgId !== undefined) parts.push(Prisma.sql`request."orgId" = ${orgId}`)
  if (requestIds !== undefined) parts.push(Prisma.sql`request.id = any(${[...requestIds]}::text[])`)
  if (sinceMs !== undefined) parts.push(Prisma.sql`request."receivedAt" >= ${new Date(sinceMs)}`)
  return Prisma.join(parts, ' and ')
}
