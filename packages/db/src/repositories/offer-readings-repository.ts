/** What public pages and the usage page read of the hours: an offer's history, its receipts' standing, a team's usage. */
import type { DbOrTx } from '../create-db.ts'

const DAY_MS = 86_400_000

export function offerReadingsRepository(db: DbOrTx) {
  return {
    /** Oldest first. */
    async nodeHours(nodeId: string, since: Date, limit: number) {
      const rows = await db.nodeHour.findMany({
        where: { nodeId, hour: { gte: since } },
        orderBy: { hour: 'desc' },
        take: limit,
      })
      return rows.toReversed()
    },

    /** A provider's nodes taken together, by the hour; oldest first. */
    async providerHours(providerId: string, since: Date) {
      return db.$queryRaw<{ hour: Date; attempts: number; faults: number; tokensOut: bigint; priceMicroUsd: bigint }[]>`
        select node_hour.hour, sum(attempts)::int as attempts, sum(faults)::int as faults,
          sum("tokensOut")::bigint as "tokensOut", sum("priceMicroUsd")::bigint as "priceMicroUsd"
        from node_hour join node on node."nodeId" = node_hour."nodeId"
        where node."providerId" = ${providerId} and node_hour.hour >= ${since}
        group by node_hour.hour order by node_hour.hour`
    },

    /** How far the money of a node's newest receipts of a day has come: by status of their epoch, `open` before. */
    async receiptStanding(nodeId: string, now: Date, limit: number) {
      return db.$queryRaw<{ stage: string; receipts: number; microUsd: bigint }[]>`
        select coalesce(epoch.status::text, 'open') as stage, count(*)::int as receipts, sum(newest.price)::bigint as "microUsd"
        from (
          select lane, epoch, "priceMicroUsd" as price from receipt
          where "nodeId" = ${nodeId} and "startedAtMs" >= ${BigInt(now.getTime() - DAY_MS)}
          order by "startedAtMs" desc limit ${limit}
        ) newest left join epoch on epoch.lane = newest.lane and epoch.epoch = newest.epoch
        group by 1`
    },

    /** The newest verdict of each kind. */
    async newestVerdicts(nodeId: string) {
      return db.$queryRaw<
        {
          kind: string
          verdict: 'valid' | 'invalid' | 'unverifiable'
          finding: string
          fix: string | null
          simulated: boolean
          checkedAt: Date
          validUntil: Date
          inputs: unknown
        }[]
      >`
        select distinct on (kind) kind, verdict::text as verdict, finding, fix, simulated, "checkedAt", "validUntil", inputs
        from verification_check where "nodeId" = ${nodeId} order by kind, "checkedAt" desc`
    },

    /** The witnesses' reports behind each node's newest verdict on its region. */
    async witnessReports(nodeIds: readonly string[]) {
      return db.$queryRaw<{ nodeId: string; reports: unknown }[]>`
        select distinct on ("nodeId") "nodeId", inputs->'reports' as reports
        from verification_check where "nodeId" = any(${[...nodeIds]}::text[]) and kind = 'region'
        order by "nodeId", "checkedAt" desc`
    },

    /** The last check of a node's region before that time, and the first after it. */
    async regionChecksAround(nodeId: string, at: Date) {
      const where = { nodeId, kind: 'region' } as const
      const select = { checkedAt: true, verdict: true, finding: true, inputs: true } as const
      const [before, after] = await Promise.all([
        db.verificationCheck.findFirst({
          where: { ...where, checkedAt: { lte: at } },
          orderBy: { checkedAt: 'desc' },
          select,
        }),
        db.verificationCheck.findFirst({
          where: { ...where, checkedAt: { gt: at } },
          orderBy: { checkedAt: 'asc' },
          select,
        }),
      ])
      return [before, after].flatMap((check) => check ?? [])
    },

    /** Newest epochs first: of one node, or of a provider's. */
    async newestRecords({ nodeId, providerId, limit }: { nodeId?: string; providerId?: string; limit: number }) {
      return db.performanceRecord.findMany({
        where: { ...(nodeId !== undefined && { nodeId }), ...(providerId !== undefined && { providerId }) },
        orderBy: [{ epoch: 'desc' }, { lane: 'asc' }, { nodeId: 'asc' }, { version: 'desc' }],
        take: limit,
        select: {
          nodeId: true,
          lane: true,
          epoch: true,
          status: true,
          attempts: true,
          faults: true,
          earnedMicroUsd: true,
        },
      })
    },

    /** A team's usage, by hour or day, each model for itself; oldest first. */
    async usage(orgId: string, since: Date, by: 'hour' | 'day') {
      return db.$queryRaw<
        {
          at: Date
          model: string
          requests: number
          failed: number
          tokensIn: bigint
          tokensCached: bigint
          tokensOut: bigint
          priceMicroUsd: bigint
          ttftSumMs: number
          ttftCount: number
        }[]
      >`
        select date_trunc(${by}, hour, 'UTC') as at, model, sum(requests)::int as requests, sum(failed)::int as failed,
          sum("tokensIn")::bigint as "tokensIn", sum("tokensCached")::bigint as "tokensCached",
          sum("tokensOut")::bigint as "tokensOut", sum("priceMicroUsd")::bigint as "priceMicroUsd",
          sum("ttftSumMs") as "ttftSumMs", sum("ttftCount")::int as "ttftCount"
        from usage_hour where "orgId" = ${orgId} and hour >= ${since}
        group by 1, 2 order by 1, 2`
    },
  }
}
