/** Providers, terms, node keys and gateways on their way onto the chain. */
import type { DbOrTx } from '../create-db.ts'

/** @param db a transaction wherever several calls must agree. */
export function registrationRepository(db: DbOrTx) {
  return {
    async unregisteredProviders(limit: number) {
      return db.provider.findMany({ where: { registeredTx: null }, orderBy: { createdAt: 'asc' }, take: limit })
    },

    async setProviderRegistered(id: string, registeredTx: string, feeBps: number): Promise<void> {
      await db.provider.updateMany({ where: { id, registeredTx: null }, data: { registeredTx, feeBps } })
    },

    /** Terms of registered providers that are not on the chain yet. Those of a node that nobody submitted yet still change. */
    async unregisteredTerms(limit: number) {
      return db.terms.findMany({
        where: {
          registeredTx: null,
          provider: { registeredTx: { not: null } },
          nodes: { some: { keyProof: { not: null } } },
        },
        include: { provider: { select: { ownerAddress: true } } },
        orderBy: { createdAt: 'asc' },
        take: limit,
      })
    },

    async setTermsRegistered(hash: string, registeredTx: string): Promise<void> {
      await db.terms.updateMany({ where: { hash, registeredTx: null }, data: { registeredTx } })
    },

    /** Nodes of registered providers whose key waits for its transaction. */
    async nodesToAdmit(limit: number) {
      return db.node.findMany({
        where: { status: 'joining', keyProof: { not: null }, provider: { registeredTx: { not: null } } },
        include: { provider: { select: { ownerAddress: true } } },
        orderBy: { createdAt: 'asc' },
        take: limit,
      })
    },

    /** True when this call made it active. Of one that was revoked meanwhile the key is noted, to be retired. */
    async activateNode(nodeId: string, keyTx: string): Promise<boolean> {
      const { count } = await db.node.updateMany({
        where: { nodeId, status: 'joining' },
        data: { status: 'active', keyTx },
      })
      if (count === 0) {
        const revoked = { nodeId, status: 'revoked' as const, keyTx: null }
        await db.node.updateMany({ where: revoked, data: { keyTx, keyRetiredTx: null } })
      }
      return count === 1
    },

    /** Revoked nodes whose key was handed over to the chain and is not retired yet. */
    async nodesToRetire(limit: number) {
      return db.node.findMany({
        where: {
          status: 'revoked',
          keyProof: { not: null },
          keyRetiredTx: null,
          provider: { registeredTx: { not: null } },
        },
        include: { provider: { select: { ownerAddress: true } } },
        orderBy: { updatedAt: 'asc' },
        take: limit,
      })
    },

    async setKeyRetired(nodeId: string, keyRetiredTx: string): Promise<void> {
      await db.node.updateMany({ where: { nodeId, status: 'revoked', keyRetiredTx: null }, data: { keyRetiredTx } })
    },

    /** A gateway says where it answers and stands; true when that is news. Whether its key may sign is the chain's word. */
    async introduceLane({ lane, ...where }: GatewayRow): Promise<boolean> {
      const known = await db.gatewayLane.findUnique({ where: { lane } })
      const { url, region, country } = where
      if (known?.url === url && known.region === region && known.country === country) return false
      await db.gatewayLane.upsert({ where: { lane }, create: { lane, ...where }, update: where })
      return true
    },
  }
}

interface GatewayRow {
  lane: string
  url: string
  region: string
  country: string
}
