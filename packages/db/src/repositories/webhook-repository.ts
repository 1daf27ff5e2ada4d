/** Webhooks and their deliveries. Deliveries are born where a job ends (see the job repository); here they are sent. */
import type { DbOrTx } from '../create-db.ts'
import type { WebhookStatus } from '../generated/client.ts'

export function webhookRepository(db: DbOrTx) {
  return {
    async endpoints(orgId: string) {
      return db.webhookEndpoint.findMany({
        where: { orgId },
        orderBy: [{ createdAt: 'asc' }, { id: 'asc' }],
        take: 100,
      })
    },

    async insertEndpoint(row: {
      id: string
      orgId: string
      url: string
      secret: string
      events: string[]
      formKey: string | null
    }) {
      const { count } = await db.webhookEndpoint.createMany({ data: [row], skipDuplicates: true })
      return count === 0 ? null : db.webhookEndpoint.findUnique({ where: { id: row.id } })
    },

    async endpointByFormKey(orgId: string, formKey: string) {
      return db.webhookEndpoint.findUnique({ where: { orgId_formKey: { orgId, formKey } } })
    },

    async removeEndpoint(orgId: string, id: string): Promise<boolean> {
      return (await db.webhookEndpoint.deleteMany({ where: { id, orgId } })).count === 1
    },

    /** Newest first. */
    async deliveries(filter: {
      orgId: string
      endpointId: string | null
      status: WebhookStatus | null
      limit: number
      before: { at: Date; id: string } | null
    }) {
      const { orgId, endpointId, status, limit, before } = filter
      return db.webhookDelivery.findMany({
        where: {
          orgId,
          ...(endpointId !== null && { endpointId }),
          ...(status !== null && { status }),
          ...(before && {
            createdAt: { lte: before.at },
            OR: [{ createdAt: { lt: before.at } }, { createdAt: before.at, id: { lt: before.id } }],
          }),
        },
        orderBy: [{ createdAt: 'desc' }, { id: 'desc' }],
        take: limit,
        include: { endpoint: { select: { url: true } } },
      })
    },

    async redeliver(orgId: string, id: string, now: Date) {
      await db.webhookDelivery.updateMany({
        where: { id, orgId, status: { not: 'pending' } },
        data: { status: 'pending', attempts: 0, nextAttemptAt: now, deliveredAt: null },
      })
      return db.webhookDelivery.findFirst({ where: { id, orgId } })
    },

    async pending(id: string) {
      return db.webhookDelivery.findFirst({ where: { id, status: 'pending' }, include: { endpoint: true } })
    },

    async due(now: Date, limit: number) {
      return db.webhookDelivery.findMany({
        where: { status: 'pending', nextAttemptAt: { lte: now } },
        orderBy: { nextAttemptAt: 'asc' },
        take: limit,
        select: { id: true, nextAttemptAt: true },
      })
    },

    async conclude(
      id: string,
      end: {
        attemptsBefore: number
        status: WebhookStatus
        httpStatus: number | null
        error: string | null
        nextAttemptAt: Date
        deliveredAt: Date | null
      },
    ): Promise<boolean> {
      const { attemptsBefore, ...data } = end
      const { count } = await db.webhookDelivery.updateMany({
        where: { id, status: 'pending', attempts: attemptsBefore },
        data: { ...data, attempts: attemptsBefore + 1 },
      })
      return count === 1
    },
  }
}
