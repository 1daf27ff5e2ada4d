/** Providers, their terms, join tokens and nodes. */
import type { DbOrTx } from '../create-db.ts'

const withNames = { provider: { select: { name: true } }, terms: { select: { values: true, document: true } } } as const

const listedToken = {
  id: true,
  providerId: true,
  nodeName: true,
  region: true,
  country: true,
  tier: true,
  dataPolicy: true,
  prices: true,
  promises: true,
  usedByNodeId: true,
  usedAt: true,
  expiresAt: true,
  createdAt: true,
} as const

export function providersRepository(db: DbOrTx) {
  return {
    ...tokenRows(db),
    ...nodeRows(db),

    async byId(providerId: string) {
      return db.provider.findUnique({ where: { id: providerId } })
    },

    async byOrg(orgId: string) {
      return db.provider.findUnique({ where: { orgId } })
    },

    async insert(row: {
      id: string
      orgId: string
      name: string
      ownerAddress: string
      payoutAddress: string
      payoutCustody?: 'wallet' | 'managed'
      salt: string
      feeBps: number
    }) {
      const { count } = await db.provider.createMany({ data: [row], skipDuplicates: true })
      return count === 0 ? null : db.provider.findUnique({ where: { id: row.id } })
    },

    async insertTerms(row: { hash: string; providerId: string; values: object; document: object }): Promise<void> {
      await db.terms.createMany({ data: [{ ...row }], skipDuplicates: true })
    },

    async terms(hashes: readonly string[]): Promise<Map<string, { values: unknown; document: unknown }>> {
      const rows = await db.terms.findMany({
        where: { hash: { in: [...hashes] } },
        select: { hash: true, values: true, document: true },
      })
      return new Map(rows.map(({ hash, values, document }) => [hash, { values, document }]))
    },
  }
}

function tokenRows(db: DbOrTx) {
  return {
    async joinTokens(providerId: string) {
      return db.joinToken.findMany({
        where: { providerId },
        orderBy: { createdAt: 'desc' },
        take: 200,
        select: listedToken,
      })
    },

    async joinToken(id: string) {
      return db.joinToken.findUnique({ where: { id }, select: listedToken })
    },

    async joinTokenByHash(tokenHash: string) {
      return db.joinToken.findUnique({ where: { tokenHash }, select: listedToken })
    },

    async insertJoinToken(row: {
      id: string
      tokenHash: string
      providerId: string
      nodeName: string
      region: string
      country: string
      tier: 'edge' | 'regional' | 'cloud'
      dataPolicy: 'any' | 'no_training' | 'no_retention'
      prices: object
      promises: object
      expiresAt: Date
      createdBy: string
    }) {
      return db.joinToken.create({
        data: { ...row },
        select: listedToken,
      })
    },

    async useJoinToken(id: string, nodeId: string, now: Date): Promise<boolean> {
      const { count } = await db.joinToken.updateMany({
        where: { id, usedAt: null, expiresAt: { gt: now } },
        data: { usedAt: now, usedByNodeId: nodeId },
      })
      return count === 1
    },

    /** Sets the expiry to before the creation, which is how a revoked token is told from an expired one. */
    async expireJoinToken(providerId: string, id: string) {
      const where = { id, providerId }
      await db.joinToken.updateMany({ where: { ...where, usedAt: null }, data: { expiresAt: new Date(0) } })
      return db.joinToken.findFirst({ where, select: listedToken })
    },
  }
}

function nodeRows(db: DbOrTx) {
  return {
    async node(nodeId: string) {
      return db.node.findUnique({ where: { nodeId }, include: withNames })
    },

    async nodeById(id: string) {
      return db.node.findUnique({ where: { id }, include: withNames })
    },

    async nodes(providerId?: string) {
      return db.node.findMany({
        ...(providerId && { where: { providerId } }),
        include: withNames,
        orderBy: [{ createdAt: 'asc' }, { id: 'asc' }],
        take: 5_000,
      })
    },

    async nodesByNodeId(nodeIds: readonly string[]) {
      return db.node.findMany({ where: { nodeId: { in: [...nodeIds] } }, include: withNames })
    },

    async insertNode(row: {
      nodeId: string
      id: string
      name: string
      providerId: string
      termsHash: string
      region: string
      country: string
      failureDomain: string
      simulated: boolean
      tier: 'edge' | 'regional' | 'cloud'
      dataPolicy: 'any' | 'no_training' | 'no_retention'
      gpuClass: string
      inventory: object
      keyProof: string | null
    }): Promise<void> {
      await db.node.create({ data: { ...row, inventory: row.inventory } })
    },

    async setMachine(
      nodeId: string,
      machine: {
        name: string
        region: string
        country: string
        tier: 'edge' | 'regional' | 'cloud'
        dataPolicy: 'any' | 'no_training' | 'no_retention'
        termsHash: string
      },
    ): Promise<void> {
      await db.node.updateMany({ where: { nodeId, status: 'joining' }, data: machine })
    },

    async revokeNode(nodeId: string): Promise<boolean> {
      const where = { nodeId, status: { not: 'revoked' as const } }
      return (await db.node.updateMany({ where, data: { status: 'revoked' } })).count === 1
    },
  }
}
