/** What the chain said (movements, payouts, disputes), and how far it was read. */
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

const CURSOR_ID = 'isochrone'
/** Key of the advisory lock, because before the first round there is no row to lock. */
const CURSOR_LOCK = 7_133_705n

/** @param db a transaction wherever several calls must agree. */
export function chainIndexRepository(db: DbOrTx) {
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

    /** Movements of channels that we know; what is there already stays. */
    async insertMovements(rows: readonly NewMovement[]): Promise<void> {
      if (rows.length > 0) await db.channelMovement.createMany({ data: [...rows], skipDuplicates: true })
    },

    async insertPayouts(rows: readonly NewPayout[]): Promise<void> {
      if (rows.length > 0) await db.payout.createMany({ data: [...rows], skipDuplicates: true })
    },

    insertDisputeEvents: (rows: readonly NewDisputeEvent[]) => insertDisputeEvents(db, rows),
  }
}
