/**
 * Batches and their lines. Every change is a conditional update on the status before; terminal states absorb.
 *
 * Lines become jobs together with the batch's place in its input, in one transaction, and there is one job at most for each
 * (batch, line): nothing that is killed in between loses or doubles one.
 */
import type { BatchStatus } from '@isochrone/domain'
import type { DbOrTx } from '../create-db.ts'
import { Prisma, type Batch, type Job } from '../generated/client.ts'

export interface NewBatch {
  id: string
  orgId: string
  keyId: string | null
  endpoint: string
  inputFileId: string
  metadata: Record<string, string> | null
  idempotencyKey: string | null
  fingerprint: string | null
  outputExpiresAfterS: number | null
  createdAt: Date
  expiresAt: Date
}

export interface NewBatchJob {
  id: string
  requestId: string
  batchLine: number
  customId: string
  path: string
  model: string
  body: Record<string, unknown>
  attemptsMax: number
}

const open: BatchStatus[] = ['validating', 'in_progress', 'finalizing', 'cancelling']
const openJob = { status: { in: ['queued', 'running'] } } satisfies Prisma.JobWhereInput
const IDS_MAX = 5_000

/** @param db a transaction wherever several calls must agree. */
export function batchRepository(db: DbOrTx) {
  return {
    /** Throws where the organisation has used the idempotency key before. */
    async insert({ metadata, ...batch }: NewBatch): Promise<Batch> {
      return db.batch.create({ data: { ...batch, metadata: metadata ?? Prisma.DbNull } })
    },

    /** Until the transaction ends nobody else counts or creates batches of the organisation. */
    async lockOrganisation(orgId: string): Promise<void> {
      await db.$executeRaw`select pg_advisory_xact_lock(hashtextextended(${`batches of ${orgId}`}, 0))`
    },

    /** Null when there is none, or when it belongs to another organisation. */
    async get(id: string, orgId?: string) {
      return db.batch.findFirst({ where: { id, ...(orgId !== undefined && { orgId }) } })
    },

    async byIdempotencyKey(orgId: string, idempotencyKey: string) {
      return db.batch.findFirst({ where: { orgId, idempotencyKey } })
    },

    /** Newest first. */
    async list(orgId: string, { after, limit }: { after: { at: Date; id: string } | null; limit: number }) {
      return db.batch.findMany({
        where: {
          orgId,
          ...(after && { OR: [{ createdAt: { lt: after.at } }, { createdAt: after.at, id: { lt: after.id } }] }),
        },
        orderBy: [{ createdAt: 'desc' }, { id: 'desc' }],
        take: limit,
      })
    },

    async openCount(orgId: string): Promise<number> {
      return db.batch.count({ where: { orgId, status: { in: open } } })
    },

    /** Ids of batches that are not over, oldest first. */
    async openIds(limit: number): Promise<string[]> {
      const where = { status: { in: open } }
      const rows = await db.batch.findMany({ where, orderBy: { createdAt: 'asc' }, take: limit, select: { id: true } })
      return rows.map(({ id }) => id)
    },

    /** Whether a batch that is not over reads the file. */
    async isRead(inputFileId: string): Promise<boolean> {
      return (await db.batch.count({ where: { inputFileId, status: { in: open } } })) > 0
    },

    /** From `from` to another status. False where it was elsewhere by then. */
    async move(
      id: string,
      from: readonly BatchStatus[],
      { errors, ...to }: Omit<Prisma.BatchUpdateManyMutationInput, 'errors'> & { errors?: readonly object[] },
    ): Promise<boolean> {
      const data = { ...to, ...(errors && { errors: errors as Prisma.InputJsonValue }) }
      return (await db.batch.updateMany({ where: { id, status: { in: [...from] } }, data })).count === 1
    },

    /** Its next lines as jobs. In a transaction with nothing else; false where somebody else has taken them. */
    async feed(
      batch: { id: string; orgId: string; keyId: string | null; expiresAt: Date },
      from: { linesQueued: number },
      to: { linesQueued: number; nextByte: number; nextLine: number },
      jobs: readonly NewBatchJob[],
    ): Promise<boolean> {
      const { id: batchId, orgId, keyId, expiresAt: deadlineAt } = batch
      const where = { id: batchId, status: 'in_progress', linesQueued: from.linesQueued } as const
      if ((await db.batch.updateMany({ where, data: to })).count !== 1) return false
      const data = jobs.map(({ body, ...job }) => ({
        ...job,
        body: body as Prisma.InputJsonObject,
        kind: 'batch' as const,
        batchId,
        orgId,
        keyId,
        deadlineAt,
      }))
      await db.job.createMany({ data, skipDuplicates: true })
      return true
    },

    /** How many of its lines are jobs that are open, answered and over without an answer, and cancelled ones of these. */
    async counts(
      batchIds: readonly string[],
    ): Promise<Map<string, { open: number; completed: number; failed: number; cancelled: number }>> {
      const rows = await db.job.groupBy({
        by: ['batchId', 'status'],
        where: { batchId: { in: [...batchIds] } },
        _count: { _all: true },
      })
      const counts = new Map(batchIds.map((id) => [id, { open: 0, completed: 0, failed: 0, cancelled: 0 }]))
      for (const { batchId, status, _count: count } of rows) {
        const own = counts.get(batchId ?? '')
        if (!own) continue
        if (status === 'queued' || status === 'running') own.open += count._all
        else if (status === 'succeeded') own.completed += count._all
        else {
          own.failed += count._all
          if (status === 'cancelled') own.cancelled += count._all
        }
      }
      return counts
    },

    async failedWith(batchId: string, httpStatus: number): Promise<number> {
      return db.job.count({ where: { batchId, httpStatus, status: 'failed' } })
    },

    /** Ends all of its lines that nobody has begun, in one step: one by one, workers would begin them meanwhile. How many. */
    async cancelQueued(batchId: string, { error, now }: { error: string; now: Date }): Promise<number> {
      const where = { batchId, kind: 'batch', status: 'queued' } as const
      const { count } = await db.job.updateMany({ where, data: { status: 'cancelled', error, finishedAt: now } })
      return count
    },

    /** Open jobs of a batch, or of all batches: those that the queue may have forgotten. */
    async openJobIds(batchId: string | null, limit = IDS_MAX): Promise<string[]> {
      const where = { ...openJob, kind: 'batch' as const, ...(batchId !== null && { batchId }) }
      const rows = await db.job.findMany({ where, orderBy: { createdAt: 'asc' }, take: limit, select: { id: true } })
      return rows.map(({ id }) => id)
    },

    /** Its lines' jobs from that line on, in order. */
    async jobsFrom(batchId: string, line: number, limit: number): Promise<Job[]> {
      const where = { batchId, batchLine: { gte: line } }
      return db.job.findMany({ where, orderBy: { batchLine: 'asc' }, take: limit })
    },

    /** What its lines have cost and taken so far, by the requests that were recorded. */
    async totals(batchIds: readonly string[]) {
      const rows = await db.$queryRaw<
        { batchId: string; cost: bigint; tokensIn: bigint; tokensCached: bigint; tokensOut: bigint }[]
      >`
        SELECT job."batchId", SUM(request."priceMicroUsd")::bigint AS "cost", SUM(request."tokensIn")::bigint AS "tokensIn",
          SUM(request."tokensCached")::bigint AS "tokensCached", SUM(request."tokensOut")::bigint AS "tokensOut"
        FROM "job" job JOIN "request" request ON request."id" = job."requestId"
        WHERE job."batchId" = ANY(${[...batchIds]}) GROUP BY job."batchId"`
      return new Map(
        rows.map(({ batchId, cost, ...tokens }) => [
          batchId,
          {
            costMicroUsd: cost,
            tokensIn: Number(tokens.tokensIn),
            tokensCached: Number(tokens.tokensCached),
            tokensOut: Number(tokens.tokensOut),
          },
        ]),
      )
    },

    /** Its money is used up at this moment. */
    async outOfMoney(id: string, now: Date): Promise<void> {
      await db.batch.updateMany({ where: { id, status: 'in_progress' }, data: { outOfMoneyAt: now } })
    },

    /**
     * Its end, once: the words of its lines leave their jobs, which its files hold now, and webhooks are told. In a
     * transaction with the finishing of its files.
     */
    async end(
      id: string,
      end: {
        status: 'completed' | 'expired' | 'cancelled' | 'failed'
        from: BatchStatus
        outputFileId: string | null
        errorFileId: string | null
        completed: number
        failed: number
        now: Date
        errors?: readonly object[]
      },
    ): Promise<boolean> {
      const { now, from, errors, ...data } = end
      const moved = await db.batch.updateMany({
        where: { id, status: from },
        data: { ...data, endedAt: now, ...(errors && { errors: [...errors] }) },
      })
      if (moved.count !== 1) return false
      await db.job.updateMany({
        where: { batchId: id },
        data: { erasedAt: now, body: {}, source: Prisma.DbNull, answer: Prisma.DbNull },
      })
      await db.$executeRaw`
        INSERT INTO "webhook_delivery" ("id", "endpointId", "orgId", "type", "jobId", "payload", "nextAttemptAt", "createdAt")
        SELECT 'msg_' || replace(gen_random_uuid()::text, '-', ''), hook."id", batch."orgId", 'batch.' || ${end.status}::text,
          batch."id",
          jsonb_build_object('id', 'evt_' || md5(batch."id" || 'batch.' || ${end.status}::text), 'object', 'event',
            'type', 'batch.' || ${end.status}::text, 'created_at', floor(extract(epoch FROM ${now}::timestamptz))::bigint,
            'data', jsonb_build_object('id', batch."id")), ${now}::timestamptz, ${now}::timestamptz
        FROM "batch" batch JOIN "webhook_endpoint" hook
          ON hook."orgId" = batch."orgId" AND hook."enabled" AND 'batch.' || ${end.status}::text = ANY(hook."events")
        WHERE batch."id" = ${id}
        ON CONFLICT DO NOTHING`
      return true
    },
  }
}
