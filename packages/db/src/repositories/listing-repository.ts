/** Listings on their way to the market, changed only at the version that was seen; and stake that is asked for. */
import type { DbOrTx } from '../create-db.ts'

type Status = 'draft' | 'joined' | 'submitted' | 'live' | 'retired' | 'withdrawn'

export function listingRepository(db: DbOrTx) {
  return { ...listingRows(db), ...stakeRows(db) }
}

function listingRows(db: DbOrTx) {
  return {
    async insert(row: { id: string; orgId: string; draft: object; createdBy: string; formKey: string | null }) {
      const { count } = await db.listing.createMany({ data: [row], skipDuplicates: true })
      return count === 0 ? null : db.listing.findUnique({ where: { id: row.id } })
    },

    byFormKey: (orgId: string, formKey: string) =>
      db.listing.findUnique({ where: { orgId_formKey: { orgId, formKey } } }),

    get: (orgId: string, id: string) => db.listing.findFirst({ where: { id, orgId } }),

    ofOrg: (orgId: string) =>
      db.listing.findMany({
        where: { orgId, status: { not: 'withdrawn' } },
        orderBy: [{ createdAt: 'desc' }, { id: 'asc' }],
        take: 200,
      }),

    withStatus: (status: Status, limit: number, after: { updatedAt: Date; id: string } | null) =>
      db.listing.findMany({
        where: {
          status,
          ...(after && {
            OR: [{ updatedAt: { gt: after.updatedAt } }, { updatedAt: after.updatedAt, id: { gt: after.id } }],
          }),
        },
        orderBy: [{ updatedAt: 'asc' }, { id: 'asc' }],
        take: limit,
      }),

    async update(
      at: { id: string; version: number; status: Status },
      change: { draft?: object; status?: Status; joinTokenId?: string },
    ): Promise<boolean> {
      const data = { ...change, version: { increment: 1 } }
      return (await db.listing.updateMany({ where: at, data })).count === 1
    },

    async join(joinTokenId: string, nodeId: string, keyProof: string): Promise<'joined' | 'closed' | 'none'> {
      const { count } = await db.listing.updateMany({
        where: { joinTokenId, status: 'draft' },
        data: { nodeId, keyProof, status: 'joined', version: { increment: 1 } },
      })
      if (count === 1) return 'joined'
      return (await db.listing.count({ where: { joinTokenId } })) > 0 ? 'closed' : 'none'
    },

    async draftOf(joinTokenId: string): Promise<unknown> {
      const row = await db.listing.findUnique({ where: { joinTokenId }, select: { draft: true } })
      return row?.draft ?? null
    },

    async admit({ nodeId, keyProof }: { nodeId: string; keyProof: string }): Promise<void> {
      await db.node.updateMany({ where: { nodeId, status: 'joining', keyProof: null }, data: { keyProof } })
    },
  }
}

function stakeRows(db: DbOrTx) {
  return {
    async insertStakeOrder(row: { id: string; providerId: string; microUsd: bigint; requestedBy: string }) {
      const { id, providerId, microUsd, requestedBy } = row
      const count = await db.$executeRaw`
        INSERT INTO "stake_order" ("id", "providerId", "microUsd", "requestedBy")
        SELECT ${id}, ${providerId}, ${microUsd}, ${requestedBy}
        FROM (SELECT 1 FROM "provider" WHERE "id" = ${providerId} FOR UPDATE) AS held
        WHERE NOT EXISTS (SELECT 1 FROM "stake_order" WHERE "providerId" = ${providerId} AND "status" = 'queued')`
      return count === 1 ? db.stakeOrder.findUnique({ where: { id } }) : null
    },

    stakeOrders: (providerId: string) =>
      db.stakeOrder.findMany({ where: { providerId }, orderBy: { createdAt: 'desc' }, take: 20 }),

    async openStakeOrders(limit: number) {
      const rows = await db.$queryRaw<{ id: string }[]>`
        SELECT queued."id" FROM "stake_order" queued JOIN "provider" ON "provider"."id" = queued."providerId"
        WHERE queued."status" = 'queued' AND "provider"."registeredTx" IS NOT NULL
        ORDER BY queued."createdAt" LIMIT ${limit}`
      return db.stakeOrder.findMany({ where: { id: { in: rows.map(({ id }) => id) } }, orderBy: { createdAt: 'asc' } })
    },

    async endStakeOrder(row: {
      id: string
      status: 'sent' | 'failed'
      txHash: string | null
      error: string | null
    }): Promise<void> {
      const { id, ...data } = row
      await db.stakeOrder.updateMany({ where: { id, status: 'queued' }, data: { ...data, finishedAt: new Date() } })
    },
  }
}
