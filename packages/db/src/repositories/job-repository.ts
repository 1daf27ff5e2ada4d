/**
 * Queued jobs. Every change is a conditional update on the old status; terminal states absorb.
 *
 * The end of a job and what its organisation's webhooks are told of it are written by one statement: who ends it is who
 * tells, once.
 */
import type { DbOrTx } from '../create-db.ts'
import { Prisma, type Job, type JobKind, type JobStatus } from '../generated/client.ts'

export interface NewJob {
  id: string
  orgId: string
  keyId: string | null
  requestId: string
  kind: JobKind
  path: string
  model: string
  body: unknown
  /** The Responses request that it comes from; null for others. */
  source: unknown
  attemptsMax: number
  deadlineAt: Date | null
  retryOf: string | null
}

export interface JobEndInput {
  status: 'succeeded' | 'failed' | 'cancelled'
  httpStatus: number | null
  answer: unknown
  error: string | null
  now: Date
}

const open: JobStatus[] = ['queued', 'running']

/** @param db a transaction wherever several calls must agree. */
export function jobRepository(db: DbOrTx) {
  return {
    /** False when the job that it repeats is repeated already. */
    async insert(job: NewJob): Promise<boolean> {
      const { body, source, ...rest } = job
      const data = { ...rest, body: body as Prisma.InputJsonObject, source: jsonOf(source) }
      const { count } = await db.job.createMany({ data: [data], skipDuplicates: true })
      return count === 1
    },

    /** Null when there is none, or when it belongs to another organisation. */
    async get(id: string, orgId?: string) {
      return db.job.findFirst({ where: { id, ...(orgId !== undefined && { orgId }) } })
    },

    /** Status alone: what is asked again and again. */
    async status(id: string): Promise<JobStatus | null> {
      return (await db.job.findUnique({ where: { id }, select: { status: true } }))?.status ?? null
    },

    /** The job that repeats this one. */
    async retryOf(id: string, orgId: string) {
      return db.job.findFirst({ where: { retryOf: id, orgId } })
    },

    /** Takes the job for one more attempt. Null when it is over. */
    async start(id: string, now: Date): Promise<Job | null> {
      const rows = await db.job.updateManyAndReturn({
        where: { id, status: { in: open } },
        data: { status: 'running', attempts: { increment: 1 } },
      })
      const [row] = rows
      if (!row || row.startedAt !== null) return row ?? null
      await db.job.updateMany({ where: { id, startedAt: null }, data: { startedAt: now } })
      return { ...row, startedAt: now }
    },

    /** About to be dispatched. False when it is over meanwhile: then it must not be. */
    async place(
      id: string,
      { nodeId, placement, gatewayUrl, now }: { nodeId: string; placement: unknown; gatewayUrl: string; now: Date },
    ): Promise<boolean> {
      const count = await db.$executeRaw`
        UPDATE "job" SET "nodeId" = ${nodeId}, "placement" = ${JSON.stringify(placement)}::jsonb,
          "gatewayUrl" = COALESCE("gatewayUrl", ${gatewayUrl}), "dispatchedAt" = COALESCE("dispatchedAt", ${now})
        WHERE "id" = ${id} AND "status" = 'running'`
      return count === 1
    },

    /** Back to the queue after an attempt that answered nothing. `attempted` false: no node was tried. */
    async requeue(
      id: string,
      end: { attempted: boolean; error: string; placement?: unknown; unpin?: boolean },
    ): Promise<void> {
      const { attempted, error, placement, unpin = false } = end
      await db.job.updateMany({
        where: { id, status: 'running' },
        data: {
          status: 'queued',
          nodeId: null,
          error,
          ...(!attempted && { attempts: { decrement: 1 } }),
          ...(placement !== undefined && { placement: placement as Prisma.InputJsonValue }),
          ...(unpin && { gatewayUrl: null, dispatchedAt: null }),
        },
      })
    },

    /** Ends the job once and notes whom to tell; false when it was over already. */
    async finish(id: string, end: JobEndInput): Promise<boolean> {
      const answer = end.answer === null || end.answer === undefined ? null : JSON.stringify(end.answer)
      const [row] = await db.$queryRaw<{ count: number }[]>`
        WITH ended AS (
          UPDATE "job" SET "status" = ${end.status}::"JobStatus", "httpStatus" = ${end.httpStatus},
            "answer" = ${answer}::jsonb, "error" = ${end.error}, "finishedAt" = ${end.now}
          WHERE "id" = ${id} AND "status" IN ('queued', 'running')
          RETURNING "id", "orgId", "kind", "status", "answer"
        ), named AS (
          SELECT "id", "orgId", "status", CASE WHEN "kind" = 'background'
            THEN 'response.' || CASE WHEN "status" <> 'succeeded' THEN "status"::text
              WHEN "answer" #>> '{choices,0,finish_reason}' IN ('length', 'content_filter') THEN 'incomplete'
              ELSE 'completed' END
            ELSE 'job.' || "status"::text END AS "type",
            CASE WHEN "kind" = 'background' THEN 'resp_' || substr("id", 5) ELSE "id" END AS "subject"
          FROM ended WHERE "kind" <> 'batch'
        ), told AS (
          INSERT INTO "webhook_delivery" ("id", "endpointId", "orgId", "type", "jobId", "payload", "nextAttemptAt", "createdAt")
          SELECT 'msg_' || replace(gen_random_uuid()::text, '-', ''), hook."id", named."orgId", named."type", named."id",
            jsonb_build_object('id', 'evt_' || md5(named."id" || named."type"), 'object', 'event', 'type', named."type",
              'created_at', floor(extract(epoch FROM ${end.now}::timestamptz))::bigint,
              'data', jsonb_build_object('id', named."subject", 'status', split_part(named."type", '.', 2))),
            ${end.now}::timestamptz, ${end.now}::timestamptz
          FROM named JOIN "webhook_endpoint" hook
            ON hook."orgId" = named."orgId" AND hook."enabled" AND named."type" = ANY(hook."events")
          ON CONFLICT DO NOTHING
        )
        SELECT count(*)::int AS "count" FROM ended`
      return row?.count === 1
    },

    /** Takes prompt, answer and what an engine said of them out of a job that is over. False where it is not, or another's. */
    async erase(id: string, orgId: string, now: Date): Promise<boolean> {
      const { count } = await db.job.updateMany({
        where: { id, orgId, erasedAt: null, status: { notIn: open } },
        data: {
          erasedAt: now,
          body: {},
          source: Prisma.DbNull,
          answer: Prisma.DbNull,
          error: null,
          placement: Prisma.DbNull,
        },
      })
      return count === 1
    },

    /** Open jobs created before `before`, oldest first: those that the queue may have forgotten. Lines of batches are not. */
    async openBefore(before: Date, limit: number): Promise<string[]> {
      const rows = await db.job.findMany({
        where: { status: { in: open }, kind: { not: 'batch' }, createdAt: { lt: before } },
        orderBy: { createdAt: 'asc' },
        take: limit,
        select: { id: true },
      })
      return rows.map((row) => row.id)
    },
  }
}

const jsonOf = (value: unknown): Prisma.InputJsonValue | typeof Prisma.DbNull =>
  value === null || value === undefined ? Prisma.DbNull : value

export type JobRepository = ReturnType<typeof jobRepository>
