/** Reads for pages: requests, receipts, epochs, jobs and the counts of the admin page. Keyset pagination throughout. */
import type { DbOrTx } from '../create-db.ts'
import type { EpochStatus, JobKind, JobStatus, Prisma, RequestStatus } from '../generated/client.ts'

interface Before {
  at: Date
  id: string
}

export function readingsRepository(db: DbOrTx) {
  return {
    ...requestReads(db),
    ...epochReads(db),
    ...jobReads(db),
    adminCounts: (sinceMs: number) => counts(db, sinceMs),
  }
}

function requestReads(db: DbOrTx) {
  return {
    /** Newest first. */
    async requests(filter: {
      orgId: string
      limit: number
      before: Before | null
      status: RequestStatus | null
      model: string | null
    }) {
      const { orgId, limit, before, status, model } = filter
      return db.request.findMany({
        where: {
          orgId,
          ...(status && { status }),
          ...(model && { model }),
          ...(before && {
            receivedAt: { lte: before.at },
            OR: [{ receivedAt: { lt: before.at } }, { receivedAt: before.at, id: { lt: before.id } }],
          }),
        },
        orderBy: [{ receivedAt: 'desc' }, { id: 'desc' }],
        take: limit,
        omit: { attempts: true, placement: true },
        include: { receipts: { select: { lane: true, epoch: true } } },
      })
    },

    async placements(filter: { orgId: string; since: Date; before: Before | null; limit: number }) {
      const { orgId, since, before, limit } = filter
      return db.request.findMany({
        where: {
          orgId,
          receivedAt: { gte: since, ...(before && { lte: before.at }) },
          ...(before && { OR: [{ receivedAt: { lt: before.at } }, { receivedAt: before.at, id: { lt: before.id } }] }),
        },
        orderBy: [{ receivedAt: 'desc' }, { id: 'desc' }],
        take: limit,
        select: { id: true, receivedAt: true, placement: true },
      })
    },

    async request(orgId: string, requestId: string) {
      return db.request.findFirst({ where: { id: requestId, orgId } })
    },

    async requestExists(requestId: string): Promise<boolean> {
      return (await db.request.count({ where: { id: requestId } })) > 0
    },

    async receiptsOf(requestId: string) {
      return db.receipt.findMany({ where: { requestId }, orderBy: [{ attempt: 'asc' }, { seq: 'asc' }], take: 64 })
    },

    async deliveryHashes(lane: string, epoch: bigint, limit: number): Promise<string[]> {
      const rows = await db.receipt.findMany({ where: { lane, epoch }, select: { deliveryHash: true }, take: limit })
      return rows.map((row) => row.deliveryHash)
    },
  }
}

function epochReads(db: DbOrTx) {
  return {
    /** Newest first, by when they were closed; `before.id` is the lane. */
    async epochs({ limit, before }: { limit: number; before: Before | null }) {
      const at = before && BigInt(before.at.getTime())
      return db.epoch.findMany({
        ...(before &&
          at !== null && {
            where: { OR: [{ closedAtMs: { lt: at } }, { closedAtMs: at, lane: { lt: before.id } }] },
          }),
        orderBy: [{ closedAtMs: 'desc' }, { lane: 'desc' }],
        take: limit,
      })
    },

    async epochsByKey(keys: readonly { lane: string; epoch: bigint }[]) {
      if (keys.length === 0) return []
      return db.epoch.findMany({ where: { OR: keys.map(({ lane, epoch }) => ({ lane, epoch })) } })
    },

    async vouchers(lane: string, epoch: bigint) {
      return db.voucher.findMany({ where: { lane, epoch }, orderBy: [{ providerId: 'asc' }, { channelId: 'asc' }] })
    },

    async laneUrl(lane: string): Promise<string | null> {
      const row = await db.gatewayLane.findUnique({ where: { lane }, select: { url: true } })
      return row?.url ?? null
    },
  }
}

function jobReads(db: DbOrTx) {
  return {
    /** Newest first. */
    async jobs(filter: {
      orgId: string | null
      limit: number
      before: Before | null
      status: JobStatus | null
      kind: JobKind | null
      model: string | null
    }) {
      const { orgId, limit, before, status, kind, model } = filter
      return db.job.findMany({
        where: {
          ...(orgId !== null && { orgId }),
          ...(status && { status }),
          // A batch's lines have a page of their own.
          kind: kind ?? { not: 'batch' },
          ...(model && { model }),
          ...(before && {
            createdAt: { lte: before.at },
            OR: [{ createdAt: { lt: before.at } }, { createdAt: before.at, id: { lt: before.id } }],
          }),
        },
        orderBy: [{ createdAt: 'desc' }, { id: 'desc' }],
        take: limit,
        omit: { body: true, source: true, answer: true, placement: true },
      })
    },

    async job(orgId: string | null, jobId: string) {
      return db.job.findFirst({ where: { id: jobId, ...(orgId !== null && { orgId }) } })
    },

    jobStats: (orgId: string | null, since: Date) => jobStats(db, orgId, since),

    async organisationNames(ids: readonly string[]): Promise<Map<string, string>> {
      const rows = await db.organization.findMany({ where: { id: { in: [...ids] } }, select: { id: true, name: true } })
      return new Map(rows.map((row) => [row.id, row.name]))
    },
  }
}

/** Waits of the newest that were created since then: a percentile needs no more of them than this. */
const MEASURED_MAX = 10_000

async function jobStats(db: DbOrTx, orgId: string | null, since: Date) {
  const ofOrg = { kind: { not: 'batch' }, ...(orgId !== null && { orgId }) } satisfies Prisma.JobWhereInput
  const counted = await db.job.groupBy({
    by: ['status'],
    where: { ...ofOrg, OR: [{ createdAt: { gte: since } }, { status: { in: ['queued', 'running'] } }] },
    _count: { _all: true },
  })
  const oldest = await db.job.findFirst({
    where: { ...ofOrg, status: 'queued' },
    orderBy: { createdAt: 'asc' },
    select: { createdAt: true },
  })
  const [times] = await db.$queryRaw<
    { measured: number; wait50: number | null; wait99: number | null; total50: number | null; total99: number | null }[]
  >`
    WITH recent AS (
      SELECT EXTRACT(EPOCH FROM "dispatchedAt" - "createdAt") * 1000 AS "wait",
        CASE WHEN "status" = 'succeeded' THEN EXTRACT(EPOCH FROM "finishedAt" - "createdAt") * 1000 END AS "total"
      FROM "job" WHERE "createdAt" >= ${since} AND "dispatchedAt" IS NOT NULL AND "kind" <> 'batch'
        AND (${orgId}::text IS NULL OR "orgId" = ${orgId})
      ORDER BY "createdAt" DESC LIMIT ${MEASURED_MAX}
    )
    SELECT count(*)::int AS "measured",
      percentile_cont(0.5) WITHIN GROUP (ORDER BY "wait")::float8 AS "wait50",
      percentile_cont(0.99) WITHIN GROUP (ORDER BY "wait")::float8 AS "wait99",
      percentile_cont(0.5) WITHIN GROUP (ORDER BY "total")::float8 AS "total50",
      percentile_cont(0.99) WITHIN GROUP (ORDER BY "total")::float8 AS "total99"
    FROM recent`
  return {
    counts: Object.fromEntries(counted.map((row) => [row.status, row._count._all])) as Partial<
      Record<JobStatus, number>
    >,
    oldestQueuedAt: oldest?.createdAt ?? null,
    waitP50Ms: times?.wait50 ?? null,
    waitP99Ms: times?.wait99 ?? null,
    totalP50Ms: times?.total50 ?? null,
    totalP99Ms: times?.total99 ?? null,
    measured: times?.measured ?? 0,
  }
}

async function counts(db: DbOrTx, sinceMs: number) {
  const users = await db.user.count()
  const organisations = await db.organization.count()
  const providers = await db.provider.count()
  const nodes = await db.node.count()
  const requestsSince = await db.request.count({ where: { receivedAt: { gte: new Date(sinceMs) } } })
  const jobs = await db.job.groupBy({ by: ['status'], _count: { _all: true } })
  const epochs = await db.epoch.groupBy({ by: ['status'], _count: { _all: true } })
  const cursor = await db.chainCursor.findFirst({ orderBy: { blockNumber: 'desc' } })
  const channels = await db.channel.aggregate({ _sum: { depositedMicroUsd: true, claimedMicroUsd: true } })
  const transactions = await db.chainTransaction.findMany({ orderBy: { createdAt: 'desc' }, take: 50 })
  return {
    users,
    organisations,
    providers,
    nodes,
    requestsSince,
    jobs: Object.fromEntries(jobs.map((row) => [row.status, row._count._all])) as Partial<Record<JobStatus, number>>,
    epochs: Object.fromEntries(epochs.map((row) => [row.status, row._count._all])) as Partial<
      Record<EpochStatus, number>
    >,
    chainBlock: cursor ? Number(cursor.blockNumber) : null,
    depositedMicroUsd: channels._sum.depositedMicroUsd ?? 0n,
    claimedMicroUsd: channels._sum.claimedMicroUsd ?? 0n,
    transactions,
  }
}
