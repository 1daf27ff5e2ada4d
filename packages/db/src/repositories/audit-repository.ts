/** What staff did: rows are added and read, and the database refuses anything else. */
import type { DbOrTx } from '../create-db.ts'

export interface NewAuditRow {
  userId: string
  email: string
  action: string
  subject: string
  outcome: string
  detail: object
}

export interface AuditFilter {
  action: string | null
  /** Part of an address or an id. */
  who: string | null
  subject: string | null
  outcome: 'done' | 'asked' | 'refused' | null
  /** Rows before this one. */
  beforeId: bigint | null
  limit: number
}

export function auditRepository(db: DbOrTx) {
  return {
    async append(row: NewAuditRow): Promise<void> {
      await db.adminAudit.create({ data: row })
    },

    /** Newest first. */
    async rows({ action, who, subject, outcome, beforeId, limit }: AuditFilter) {
      return db.adminAudit.findMany({
        where: {
          ...(action !== null && { action }),
          ...(who !== null && { OR: [{ email: { contains: who, mode: 'insensitive' } }, { userId: who }] }),
          ...(subject !== null && { subject }),
          ...(outcome === 'refused' && { outcome: { notIn: ['asked', 'done'] } }),
          ...((outcome === 'asked' || outcome === 'done') && { outcome }),
          ...(beforeId !== null && { id: { lt: beforeId } }),
        },
        orderBy: { id: 'desc' },
        take: limit,
      })
    },
  }
}
