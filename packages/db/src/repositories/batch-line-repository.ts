/**
 * Lines of batches, each a job.
 *
 * Lines become jobs together with the batch's place in its input, in one transaction, and there is one job at most for each
 * (batch, line): nothing that is killed in between loses or doubles one.
 */
import type { DbOrTx } from '../create-db.ts'
import type { Job, Prisma } from '../generated/client.ts'

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

const openJob = { status: { in: ['queued', 'running'] } } satisfies Prisma.JobWhereInput
const IDS_MAX = 5_000

/** @param db a transaction wherever several calls must agree. */
export function batchLineRepository(db: DbOrTx) {
  return {
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
  }
}
