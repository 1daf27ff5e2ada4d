/** What nodes did and earned, from receipts; what was paid out, from the chain's events. */
import type { DbOrTx } from '../create-db.ts'

const PROVIDER_FAULT = 1
/** Of each attempt that a node did not take, declined ones among them. */
const CAPACITY_FAULT = 4

export function earningsRepository(db: DbOrTx) {
  return {
    async nodeStats(nodeIds: readonly string[], sinceMs: number) {
      const rows = await db.$queryRaw<
        { nodeId: string; attempts: number; faults: number; earnedMicroUsd: bigint; tokensOut: number }[]
      >`
        select "nodeId", sum(attempts)::int as attempts, sum(faults)::int as faults,
               sum(earned)::bigint as "earnedMicroUsd", sum(tokens)::float8 as "tokensOut"
        from (
          select "nodeId",
                 count(*) as attempts,
                 count(*) filter (where fault = ${PROVIDER_FAULT}) as faults,
                 coalesce(sum("priceMicroUsd"), 0) as earned,
                 coalesce(sum((delivery->>'billedOut')::bigint), 0) as tokens
          from receipt
          where "nodeId" = any(${[...nodeIds]}) and "startedAtMs" >= ${BigInt(sinceMs)}
          group by "nodeId"
          union all
          select "nodeId", 0, 0, coalesce(sum("priceMicroUsd"), 0), 0
          from lease_receipt
          where "nodeId" = any(${[...nodeIds]}) and "toMs" >= ${BigInt(sinceMs)}
          group by "nodeId"
        ) parts
        group by "nodeId"`
      return rows
    },

    async declines(nodeIds: readonly string[], sinceMs: number) {
      return db.$queryRaw<{ nodeId: string; count: number; promptsAhead: number; aheadMax: number }[]>`
        select r."nodeId", count(*)::int as count,
               percentile_disc(0.5) within group (order by (tried.declined->>'promptsAhead')::float8) as "promptsAhead",
               percentile_disc(0.5) within group (order by (tried.declined->>'aheadMax')::float8) as "aheadMax"
        from receipt r
        join request q on q.id = r."requestId"
        cross join lateral (
          select jsonb_path_query_first(q.attempts, '$[*] ? (@.attempt == $attempt).declined',
            jsonb_build_object('attempt', r.attempt)) as declined
        ) tried
        where r."nodeId" = any(${[...nodeIds]}) and r."startedAtMs" >= ${BigInt(sinceMs)}
          and r.fault = ${CAPACITY_FAULT} and tried.declined is not null
        group by r."nodeId"`
    },

    async earningsByEpoch(nodeIds: readonly string[], limit: number) {
      return db.$queryRaw<{ lane: string; epoch: bigint; receipts: number; earnedMicroUsd: bigint }[]>`
        select lane, epoch, count(*)::int as receipts, coalesce(sum("priceMicroUsd"), 0)::bigint as "earnedMicroUsd"
        from (
          select lane, epoch, "nodeId", "priceMicroUsd" from receipt
          union all
          select lane, epoch, "nodeId", "priceMicroUsd" from lease_receipt
        ) receipts
        where "nodeId" = any(${[...nodeIds]}) and epoch is not null
        group by lane, epoch order by epoch desc, lane limit ${limit}`
    },

    async earned(nodeIds: readonly string[]) {
      const where = { nodeId: { in: [...nodeIds] } }
      const open = { ...where, epoch: null }
      const _sum = { priceMicroUsd: true } as const
      const sums = [
        await db.receipt.aggregate({ where, _sum }),
        await db.leaseReceipt.aggregate({ where, _sum }),
        await db.receipt.aggregate({ where: open, _sum }),
        await db.leaseReceipt.aggregate({ where: open, _sum }),
      ].map((sum) => sum._sum.priceMicroUsd ?? 0n)
      const [requests = 0n, leases = 0n, openRequests = 0n, openLeases = 0n] = sums
      const refunds = await db.meteringRecount.aggregate({ where, _sum: { refundMicroUsd: true } })
      const allMicroUsd = requests + leases - (refunds._sum.refundMicroUsd ?? 0n)
      return { allMicroUsd, openMicroUsd: openRequests + openLeases }
    },

    async payouts(providerId: string, limit: number) {
      return db.payout.findMany({
        where: { providerId },
        orderBy: [{ epoch: 'desc' }, { blockNumber: 'desc' }],
        take: limit,
      })
    },

    async paid(providerId: string) {
      const { _sum } = await db.payout.aggregate({
        where: { providerId },
        _sum: { grossMicroUsd: true, feeMicroUsd: true, netMicroUsd: true },
      })
      return {
        grossMicroUsd: _sum.grossMicroUsd ?? 0n,
        feeMicroUsd: _sum.feeMicroUsd ?? 0n,
        netMicroUsd: _sum.netMicroUsd ?? 0n,
      }
    },
  }
}
