/** API keys in better-auth's own table and form (SHA-256 of the secret), so that its plugin verifies them too. */
import type { DbOrTx } from '../create-db.ts'

const listed = {
  id: true,
  name: true,
  start: true,
  referenceId: true,
  enabled: true,
  createdAt: true,
  expiresAt: true,
} as const

export function apiKeysRepository(db: DbOrTx) {
  return {
    /** Newest first. */
    async list(orgId: string) {
      return db.apiKey.findMany({
        where: { referenceId: orgId },
        select: listed,
        orderBy: [{ createdAt: 'desc' }, { id: 'asc' }],
        take: 500,
      })
    },

    async insert(row: {
      id: string
      orgId: string
      name: string
      start: string
      prefix: string
      keyHash: string
      expiresAt: Date | null
    }) {
      const { id, orgId, name, start, prefix, keyHash, expiresAt } = row
      return db.apiKey.create({
        data: { id, referenceId: orgId, name, start, prefix, key: keyHash, expiresAt },
        select: listed,
      })
    },

    async byHash(keyHash: string) {
      return db.apiKey.findUnique({ where: { key: keyHash }, select: listed })
    },

    async disable(orgId: string, keyId: string) {
      const { count } = await db.apiKey.updateMany({
        where: { id: keyId, referenceId: orgId },
        data: { enabled: false },
      })
      return count === 0 ? null : db.apiKey.findUnique({ where: { id: keyId }, select: listed })
    },

    /** When each key of the organisation was last used, by the requests on record. */
    async lastUsed(orgId: string): Promise<Map<string, Date>> {
      const rows = await db.request.groupBy({
        by: ['keyId'],
        where: { orgId, keyId: { not: null } },
        _max: { receivedAt: true },
      })
      return new Map(
        rows.flatMap((row) => (row.keyId && row._max.receivedAt ? [[row.keyId, row._max.receivedAt]] : [])),
      )
    },
  }
}
