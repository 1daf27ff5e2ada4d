/** Batches. Every change is a conditional update on the status before; terminal states absorb. */
import type { BatchStatus } from '@isochrone/domain'
import type { DbOrTx } from '../create-db.ts'
import { Prisma, type Batch } from '../generated/client.ts'

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

const open: BatchStatus[] = ['validating', 'in_progress', 'finalizing', 'cancelling']

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
