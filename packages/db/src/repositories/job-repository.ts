/** Queued jobs. Every change is a conditional update on the old status; terminal states absorb. */
import type { DbOrTx } from '../create-db.ts'
import { Prisma, type JobStatus } from '../generated/client.ts'

export interface NewJob {
  id: string
  orgId: string
  keyId: string | null
  requestId: string
  path: string
  model: string
  body: unknown
  attemptsMax: number
  deadlineAt: Date | null
}

const open: JobStatus[] = ['queued', 'running']

/** @param db a transaction wherever several calls must agree. */
export function jobRepository(db: DbOrTx) {
  return {
    async insert(job: NewJob): Promise<void> {
      await db.job.create({ data: { ...job, body: job.body as Prisma.InputJsonObject } })
    },

    /** Null when there is none, or when it belongs to another organisation. */
    async get(id: string, orgId?: string) {
      return db.job.findFirst({ where: { id, ...(orgId !== undefined && { orgId }) } })
    },

    /** Takes the job for one more attempt. Null when it is over. */
    async start(id: string, now: Date) {
      const { count } = await db.job.updateMany({
        where: { id, status: { in: open } },
        data: { status: 'running', attempts: { increment: 1 } },
      })
      if (count === 0) return null
      await db.job.updateMany({ where: { id, startedAt: null }, data: { startedAt: now } })
      return db.job.findUnique({ where: { id } })
    },

    async place(id: string, nodeId: string, placement: unknown): Promise<void> {
      await db.job.updateMany({
        where: { id, status: 'running' },
        data: { nodeId, placement: placement as Prisma.InputJsonValue },
      })
    },

    /** Back to the queue after an attempt that answered nothing. `attempted` false: no node was tried. */
    async requeue(
      id: string,
      { attempted, error, placement }: { attempted: boolean; error: string; placement?: unknown },
    ): Promise<void> {
      await db.job.updateMany({
        where: { id, status: 'running' },
        data: {
          status: 'queued',
          nodeId: null,
          error,
          ...(!attempted && { attempts: { decrement: 1 } }),
          ...(placement !== undefined && { placement: placement as Prisma.InputJsonValue }),
        },
      })
    },

    /** Ends the job once; false when it was over already. */
    async finish(
      id: string,
      end: {
        status: 'succeeded' | 'failed' | 'cancelled'
        httpStatus: number | null
        answer: unknown
        error: string | null
        now: Date
      },
    ): Promise<boolean> {
      const { count } = await db.job.updateMany({
        where: { id, status: { in: open } },
        data: {
          status: end.status,
          httpStatus: end.httpStatus,
          answer:
            end.answer === null || end.answer === undefined ? Prisma.DbNull : (end.answer as Prisma.InputJsonValue),
          error: end.error,
          finishedAt: end.now,
        },
      })
      return count === 1
    },

    /** Open jobs created before `before`, oldest first: those that the queue may have forgotten. */
    async openBefore(before: Date, limit: number): Promise<string[]> {
      const rows = await db.job.findMany({
        where: { status: { in: open }, createdAt: { lt: before } },
        orderBy: { createdAt: 'asc' },
        take: limit,
        select: { id: true },
      })
      return rows.map((row) => row.id)
    },
  }
}

export type JobRepository = ReturnType<typeof jobRepository>
