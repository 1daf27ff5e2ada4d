/** Managed payout accounts: what was paid to them, and the orders by which money leaves them. */
import type { DbOrTx } from '../create-db.ts'

type Status = 'queued' | 'taken' | 'done'

const account = {
  id: true,
  payoutCustody: true,
  payoutAddress: true,
  stakeTargetMicroUsd: true,
  stakeMicroUsd: true,
} as const

export function payoutRepository(db: DbOrTx) {
  return { ...accountRows(db), ...orderRows(db) }
}

function accountRows(db: DbOrTx) {
  return {
    provider: (id: string) => db.provider.findUnique({ where: { id }, select: account }),

    async lockProvider(id: string) {
      await db.$queryRaw`SELECT 1 FROM "provider" WHERE "id" = ${id} FOR UPDATE`
      return db.provider.findUnique({ where: { id }, select: account })
    },

    async sums(providerId: string) {
      const paid = await db.payout.aggregate({ where: { providerId }, _sum: { netMicroUsd: true } })
      const orders = await db.payoutOrder.groupBy({
        by: ['kind', 'status'],
        where: { providerId },
        _sum: { microUsd: true },
      })
      const sum = (pick: (order: { kind: string; status: string }) => boolean) =>
        orders.filter(pick).reduce((total, { _sum }) => total + (_sum.microUsd ?? 0n), 0n)
      return {
        paidMicroUsd: paid._sum.netMicroUsd ?? 0n,
        withdrawnMicroUsd: sum(({ kind }) => kind === 'withdrawal'),
        stakedMicroUsd: sum(({ kind }) => kind === 'stake'),
        stakingMicroUsd: sum(({ kind, status }) => kind === 'stake' && status !== 'done'),
        isReleasing: orders.some(({ kind, status }) => kind === 'release' && status !== 'done'),
      }
    },

    withholding: (afterId: string, limit: number) =>
      db.provider.findMany({
        where: { id: { gt: afterId }, stakeTargetMicroUsd: { not: null }, registeredTx: { not: null } },
        orderBy: { id: 'asc' },
        take: limit,
        select: account,
      }),

    depositing: (afterId: string, limit: number) =>
      db.provider.findMany({
        where: { id: { gt: afterId }, stakeTargetMicroUsd: null, registeredTx: { not: null } },
        orderBy: { id: 'asc' },
        take: limit,
        select: account,
      }),

    async setStakeTarget(id: string, microUsd: bigint): Promise<void> {
      await db.provider.update({ where: { id }, data: { stakeTargetMicroUsd: microUsd } })
    },

    async setStake(id: string, microUsd: bigint): Promise<void> {
      await db.provider.update({ where: { id }, data: { stakeMicroUsd: microUsd } })
    },
  }
}

function orderRows(db: DbOrTx) {
  return {
    orders: (providerId: string, limit: number) =>
      db.payoutOrder.findMany({
        where: { providerId },
        orderBy: [{ createdAt: 'desc' }, { id: 'asc' }],
        take: limit,
      }),

    orderByKey: (providerId: string, key: string) =>
      db.payoutOrder.findUnique({ where: { providerId_key: { providerId, key } } }),

    insertOrder: (row: {
      id: string
      providerId: string
      key: string
      kind: 'withdrawal' | 'stake' | 'release'
      microUsd: bigint
      toAddress: string
      requestedBy: string
    }) => db.payoutOrder.create({ data: row }),

    async holdOpenOrder(now: Date, heldTo: Date) {
      const [row] = await db.$queryRaw<{ id: string }[]>`
        UPDATE "payout_order" SET "heldTo" = ${heldTo}
        WHERE "id" = (
          SELECT "id" FROM "payout_order"
          WHERE "status" <> 'done' AND ("heldTo" IS NULL OR "heldTo" <= ${now})
          ORDER BY "createdAt", "id" LIMIT 1 FOR UPDATE SKIP LOCKED)
        RETURNING "id"`
      return row ? db.payoutOrder.findUnique({ where: { id: row.id } }) : null
    },

    async move(
      at: { id: string; status: Status },
      change: { status?: Status; takenTx?: string; txHash?: string },
    ): Promise<void> {
      const end = change.status === 'done' ? { finishedAt: new Date(), heldTo: null } : {}
      await db.payoutOrder.updateMany({ where: at, data: { ...change, ...end, error: null } })
    },

    async lookAgain(id: string, at: Date): Promise<void> {
      await db.payoutOrder.updateMany({ where: { id, status: { not: 'done' } }, data: { heldTo: at } })
    },

    async letGo(id: string, error: string, at: Date): Promise<void> {
      await db.payoutOrder.updateMany({ where: { id, status: { not: 'done' } }, data: { error, heldTo: at } })
    },
  }
}
