/** What the chain said (channels, movements, payouts), how far it was read, and the transactions that we sent. */
import type { DbOrTx } from '../create-db.ts'
import type { MovementKind, Prisma } from '../generated/client.ts'
import { dropDisputeEvents, insertDisputeEvents, type NewDisputeEvent } from './disputes-repository.ts'

export interface NewMovement {
  id: string
  channelId: string
  kind: MovementKind
  microUsd: bigint
  txHash: string
  logIndex: number
  blockNumber: bigint
  atMs: bigint
}

/** What the indexer took from a block, in the words of the services. */
export interface IndexedEvent {
  txHash: string
  logIndex: number
  blockNumber: bigint
  event: unknown
}

export interface NewPayout {
  txHash: string
  logIndex: number
  providerId: string
  lane: string
  epoch: bigint
  grossMicroUsd: bigint
  feeMicroUsd: bigint
  netMicroUsd: bigint
  blockNumber: bigint
  atMs: bigint
}

/** Lifetime totals of a channel as the contract has them. */
export interface ChannelTotals {
  depositedMicroUsd: bigint
  withdrawingMicroUsd: bigint
  withdrawnMicroUsd: bigint
  ceilingMicroUsd: bigint
  claimedMicroUsd: bigint
  /** Chain time, s; null while nothing thaws. */
  thawEndsAtS: bigint | null
}

const CURSOR_ID = 'isochrone'
/** Key of the advisory lock, because before the first round there is no row to lock. */
const CURSOR_LOCK = 7_133_705n

/** @param db a transaction wherever several calls must agree. */
export function chainRepository(db: DbOrTx) {
  return {
    /** The cursor, and nobody else's until this transaction ends: two indexers must not count one event twice. */
    async lockCursor(): Promise<{ blockNumber: bigint; blockHash: string } | null> {
      await db.$executeRaw`select pg_advisory_xact_lock(${CURSOR_LOCK})`
      return db.chainCursor.findUnique({ where: { id: CURSOR_ID }, select: { blockNumber: true, blockHash: true } })
    },

    async cursor(): Promise<{ blockNumber: bigint; blockHash: string } | null> {
      return db.chainCursor.findUnique({ where: { id: CURSOR_ID }, select: { blockNumber: true, blockHash: true } })
    },

    async moveCursor(blockNumber: bigint, blockHash: string): Promise<void> {
      const data = { blockNumber, blockHash }
      await db.chainCursor.upsert({ where: { id: CURSOR_ID }, create: { id: CURSOR_ID, ...data }, update: data })
    },

    /** Forgets what was indexed, to read the chain anew: its history is another one now. */
    async forgetIndexed(): Promise<void> {
      await db.channelMovement.deleteMany()
      await db.payout.deleteMany()
      await db.indexedEvent.deleteMany()
      await dropDisputeEvents(db, null)
      await db.chainBlock.deleteMany()
      await db.chainCursor.deleteMany({ where: { id: CURSOR_ID } })
    },

    /** Blocks whose hash is kept, newest first. */
    async blocks(): Promise<{ number: bigint; hash: string }[]> {
      return db.chainBlock.findMany({ orderBy: { number: 'desc' } })
    },

    /** Adds blocks and what was taken from them; forgets those before `keepFrom`. */
    async keepBlocks(
      blocks: readonly { number: bigint; hash: string }[],
      events: readonly IndexedEvent[],
      keepFrom: bigint,
    ): Promise<void> {
      await db.chainBlock.deleteMany({ where: { number: { lt: keepFrom } } })
      await db.indexedEvent.deleteMany({ where: { blockNumber: { lt: keepFrom } } })
      if (blocks.length > 0) await db.chainBlock.createMany({ data: [...blocks], skipDuplicates: true })
      const data = events.map((row) => ({ ...row, event: row.event as Prisma.InputJsonObject }))
      if (data.length > 0) await db.indexedEvent.createMany({ data, skipDuplicates: true })
    },

    /** Removes blocks after `number` with all that was taken from them, and says what that was, newest first. */
    async dropBlocksAfter(number: bigint): Promise<unknown[]> {
      const later = { blockNumber: { gt: number } }
      const events = await db.indexedEvent.findMany({
        where: later,
        orderBy: [{ blockNumber: 'desc' }, { logIndex: 'desc' }],
        select: { event: true, txHash: true },
      })
      await db.indexedEvent.deleteMany({ where: later })
      await db.channelMovement.deleteMany({ where: later })
      await db.payout.deleteMany({ where: later })
      await dropDisputeEvents(db, number)
      await db.chainBlock.deleteMany({ where: { number: { gt: number } } })
      return events.map(({ event, txHash }) => ({ ...(event as object), txHash }))
    },

    /** Channels that organisations pay from, those named or all. */
    async channels(ids?: readonly string[]) {
      return db.channel.findMany({ ...(ids && { where: { id: { in: [...ids] } } }), orderBy: { id: 'asc' } })
    },

    /** Ids of channels whose opening was not seen; those that waited longest since they were touched first. */
    async unopenedChannels(limit: number): Promise<string[]> {
      const where = { openedTx: null }
      const orderBy = [{ updatedAt: 'asc' as const }, { id: 'asc' as const }]
      return (await db.channel.findMany({ where, orderBy, take: limit, select: { id: true } })).map(({ id }) => id)
    },

    async touchChannels(ids: readonly string[]): Promise<void> {
      await db.channel.updateMany({ where: { id: { in: [...ids] } }, data: { updatedAt: new Date() } })
    },

    async updateChannel(id: string, totals: Partial<ChannelTotals> & { openedTx?: string | null }): Promise<void> {
      await db.channel.updateMany({ where: { id }, data: totals })
    },

    /** Channels whose owner has asked money back. */
    async thawingChannels() {
      return db.channel.findMany({ where: { withdrawingMicroUsd: { gt: 0n } }, orderBy: { id: 'asc' } })
    },

    /** Movements of channels that we know; what is there already stays. */
    async insertMovements(rows: readonly NewMovement[]): Promise<void> {
      if (rows.length > 0) await db.channelMovement.createMany({ data: [...rows], skipDuplicates: true })
    },

    async insertPayouts(rows: readonly NewPayout[]): Promise<void> {
      if (rows.length > 0) await db.payout.createMany({ data: [...rows], skipDuplicates: true })
    },

    insertDisputeEvents: (rows: readonly NewDisputeEvent[]) => insertDisputeEvents(db, rows),

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

    /** Orders that are not over, oldest first. */
    async openFundingOrders(limit: number) {
      return db.fundingOrder.findMany({
        where: { status: { in: ['requested', 'sent'] } },
        orderBy: { createdAt: 'asc' },
        take: limit,
      })
    },

    async updateFundingOrder(
      id: string,
      data: { status: string; txHash?: string | null; error?: string | null },
    ): Promise<void> {
      await db.fundingOrder.updateMany({ where: { id, status: { notIn: ['final', 'failed'] } }, data })
    },

    async channelOfOrg(orgId: string) {
      return db.channel.findUnique({ where: { orgId } })
    },

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

export type ChainRepository = ReturnType<typeof chainRepository>
