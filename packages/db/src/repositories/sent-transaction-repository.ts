/** What became of transactions that the platform sent, by what they were for. */
import type { DbOrTx } from '../create-db.ts'

/** @param db a transaction wherever several calls must agree. */
export function sentTransactionRepository(db: DbOrTx) {
  return {
    /** The same failure again and again is one row. */
    async recordTransaction(row: {
      id: string
      purpose: string
      subject: string
      txHash: string | null
      status: string
      error: string | null
    }): Promise<void> {
      const { purpose, subject, status, error } = row
      if (error !== null) {
        const last = await db.chainTransaction.findFirst({
          where: { purpose, subject },
          orderBy: { createdAt: 'desc' },
        })
        if (last?.status === status && last.error === error) return
      }
      await db.chainTransaction.create({ data: row })
    },

    /** The newest transaction for a subject; null when none was sent. */
    async lastTransaction(purpose: string, subject: string): Promise<{ txHash: string | null; status: string } | null> {
      return db.chainTransaction.findFirst({
        where: { purpose, subject },
        orderBy: { createdAt: 'desc' },
        select: { txHash: true, status: true },
      })
    },
  }
}
