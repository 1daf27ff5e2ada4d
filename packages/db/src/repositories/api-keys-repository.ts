/** API keys in better-auth's own table and form (SHA-256 of the secret), so that its plugin verifies them too. */
import type { DbOrTx } from '../create-db.ts'

/** `configId` of keys that the web app holds for a person for an hour. */
const LENT = 'lent'

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
    /** Newest first. Of lent keys those that live. */
    async list(orgId: string) {
      return db.apiKey.findMany({
        where: {
          referenceId: orgId,
          OR: [{ configId: { not: LENT } }, { enabled: true, expiresAt: { gt: new Date() } }],
        },
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
      formKey: string | null
    }) {
      const { id, orgId, name, start, prefix, keyHash, expiresAt, formKey } = row
      const data = [{ id, referenceId: orgId, name, start, prefix, key: keyHash, expiresAt, formKey }]
      const { count } = await db.apiKey.createMany({ data, skipDuplicates: true })
      return count === 0 ? null : db.apiKey.findUnique({ where: { id }, select: listed })
    },

    async byFormKey(orgId: string, formKey: string) {
      return db.apiKey.findUnique({ where: { referenceId_formKey: { referenceId: orgId, formKey } }, select: listed })
    },

    async insertLent(row: {
      id: string
      orgId: string
      name: string
      start: string
      prefix: string
      keyHash: string
      expiresAt: Date
      requestsPerMinuteMax: number
    }) {
      const { id, orgId, name, start, prefix, keyHash, expiresAt, requestsPerMinuteMax } = row
      await db.apiKeyLimits.create({ data: { keyId: id, requestsPerMinuteMax } })
      return db.apiKey.create({
        data: { id, configId: LENT, referenceId: orgId, name, start, prefix, key: keyHash, expiresAt },
        select: listed,
      })
    },

    async orgOfHash(keyHash: string) {
      const row = await db.apiKey.findUnique({ where: { key: keyHash }, select: { referenceId: true } })
      return row?.referenceId ?? null
    },

    async forgetLent(orgId: string, now: Date) {
      const over = await db.apiKey.findMany({
        where: { referenceId: orgId, configId: LENT, expiresAt: { lt: now } },
        select: { id: true },
        take: 1_000,
      })
      const ids = over.map(({ id }) => id)
      await db.apiKeyLimits.deleteMany({ where: { keyId: { in: ids } } })
      await db.apiKeyBudget.deleteMany({ where: { keyId: { in: ids } } })
      await db.apiKeySpend.deleteMany({ where: { keyId: { in: ids } } })
      await db.apiKey.deleteMany({ where: { id: { in: ids } } })
    },

    /** Null when the organisation has no such key. Holds the row until the transaction ends. */
    async lock(orgId: string, keyId: string) {
      const rows = await db.$queryRaw<{ id: string }[]>`
        select id from apikey where id = ${keyId} and "referenceId" = ${orgId} for update`
      return rows.length === 0 ? null : db.apiKey.findUnique({ where: { id: keyId }, select: listed })
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
