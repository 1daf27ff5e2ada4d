/** Transactions between signing and finality, kept so that a restarted sender resends the same bytes. */
import type { DbOrTx } from '../create-db.ts'
import type { Prisma } from '../generated/client.ts'

export interface PendingTransactionRow {
  id: string
  chainId: number
  account: string
  nonce: number
  purpose: string
  status: string
  blockNumber: bigint | null
  body: unknown
}

export function pendingTransactionRepository(db: DbOrTx) {
  return {
    /** Inserts, or replaces what was known of it. */
    async save(row: PendingTransactionRow): Promise<void> {
      const { id, ...rest } = row
      const data = { ...rest, body: rest.body as Prisma.InputJsonObject }
      await db.pendingTransaction.upsert({ where: { id }, create: { id, ...data }, update: data })
    },

    /** Neither final, failed nor replaced, in the order of their numbers. */
    async open(chainId: number, account: string): Promise<PendingTransactionRow[]> {
      return db.pendingTransaction.findMany({
        where: { chainId, account: account.toLowerCase(), status: { in: ['sent', 'included'] } },
        orderBy: [{ nonce: 'asc' }, { createdAt: 'asc' }],
      })
    },

    /** Those that ended before `at` are of no use any more. */
    async forgetEnded(at: Date): Promise<number> {
      const where = { status: { notIn: ['sent', 'included'] }, updatedAt: { lt: at } }
      return (await db.pendingTransaction.deleteMany({ where })).count
    },
  }
}

export type PendingTransactionRepository = ReturnType<typeof pendingTransactionRepository>
