/** Reads for pages: requests, receipts, epochs, jobs and the counts of the admin page. Keyset pagination throughout. */
import type { DbOrTx } from '../create-db.ts'
import type { EpochStatus, JobStatus, RequestStatus } from '../generated/client.ts'

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
    async jobs(filter: { orgId: string; limit: number; before: Before | null; status: JobStatus | null }) {
      const { orgId, limit, before, status } = filter
      return db.job.findMany({
        where: {
          orgId,
          ...(status && { status }),
          ...(before && {
            createdAt: { lte: before.at },
            OR: [{ createdAt: { lt: before.at } }, { createdAt: before.at, id: { lt: before.id } }],
          }),
        },
        orderBy: [{ createdAt: 'desc' }, { id: 'desc' }],
        take: limit,
        omit: { body: true, answer: true, placement: true },
      })
    },

    async job(orgId: string, jobId: string) {
      return db.job.findFirst({ where: { id: jobId, orgId } })
    },
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
