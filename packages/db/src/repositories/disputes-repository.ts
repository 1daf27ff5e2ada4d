/** Disputes as the chain has them, their documents, and what the worker is to send about them. */
import type { DisputeState } from '@isochrone/domain'
import type { DbOrTx } from '../create-db.ts'
import type { DisputeKind, Prisma } from '../generated/client.ts'
import { deskQueueReads } from './desk-queue.ts'
import { fileTries } from './file-tries.ts'
import { partyDisputeReads } from './party-disputes.ts'

export interface NewDisputeEvent {
  txHash: string
  logIndex: number
  disputeId: bigint
  step: string
  body: object
  blockNumber: bigint
  atMs: bigint
}

export interface DisputeValues {
  state: DisputeState
  kind: DisputeKind
  filer: string
  subject: string
  channelId: string
  providerId: string
  lane: string
  epoch: bigint
  amountMicroUsd: bigint
  priceMicroUsd: bigint
  bondMicroUsd: bigint
  frozenMicroUsd: bigint
  lockedMicroUsd: bigint
  refundMicroUsd: bigint
  appellant: string | null
  appealBondMicroUsd: bigint
  appealRefundMicroUsd: bigint
  deadlineS: bigint
  filedAtMs: bigint
}

/** Keeps events, and marks their disputes to be read again. In the indexer's transaction. */
export async function insertDisputeEvents(db: DbOrTx, rows: readonly NewDisputeEvent[]): Promise<void> {
  if (rows.length === 0) return
  const data = rows.map((row) => ({ ...row, body: row.body as Prisma.InputJsonObject }))
  await db.disputeEvent.createMany({ data, skipDuplicates: true })
  await mark(db, rows)
}

/** Takes back events of removed blocks: all of them, or those after `number`. */
export async function dropDisputeEvents(db: DbOrTx, after: bigint | null): Promise<void> {
  const where = after === null ? {} : { blockNumber: { gt: after } }
  const rows = await db.disputeEvent.findMany({ where, select: { disputeId: true }, distinct: ['disputeId'] })
  await db.disputeEvent.deleteMany({ where })
  await mark(db, rows)
}

async function mark(db: DbOrTx, rows: readonly { disputeId: bigint }[]): Promise<void> {
  const ids = [...new Set(rows.map(({ disputeId }) => disputeId))]
  if (ids.length === 0) return
  await db.disputeMark.createMany({ data: ids.map((disputeId) => ({ disputeId })), skipDuplicates: true })
}

/** A signed structure by field. */
type Fields = Record<string, string | number>

export function disputesRepository(db: DbOrTx) {
  return {
    async marked(limit: number): Promise<bigint[]> {
      const rows = await db.disputeMark.findMany({ orderBy: { disputeId: 'asc' }, take: limit })
      return rows.map(({ disputeId }) => disputeId)
    },

    /** Writes what the chain said; null removes what it does not know. Takes the mark away. */
    async saveDispute(id: bigint, values: Omit<DisputeValues, 'filedAtMs'> | null): Promise<void> {
      await db.disputeMark.deleteMany({ where: { disputeId: id } })
      if (values === null) {
        await db.dispute.deleteMany({ where: { id } })
        return
      }
      const filed = await db.disputeEvent.findFirst({ where: { disputeId: id, step: 'filed' }, select: { atMs: true } })
      const data = { ...values, filedAtMs: filed?.atMs ?? 0n }
      await db.dispute.upsert({ where: { id }, create: { id, ...data }, update: data })
    },

    async dispute(id: bigint) {
      return db.dispute.findUnique({ where: { id } })
    },

    /** Those with the nearest deadline first, and of these the dearest. */
    async disputesIn(states: readonly DisputeState[], limit: number) {
      return db.dispute.findMany({
        where: { state: { in: [...states] } },
        orderBy: [{ deadlineS: 'asc' }, { amountMicroUsd: 'desc' }, { id: 'asc' }],
        take: limit,
      })
    },

    async disputesAbout(subject: string) {
      return db.dispute.findMany({ where: { subject }, orderBy: { id: 'desc' }, take: 20 })
    },

    async openAgainst(channelId: string, states: readonly DisputeState[]): Promise<number> {
      return db.dispute.count({ where: { channelId, state: { in: [...states] } } })
    },

    async challengedRecords(providerId: string): Promise<number> {
      return db.performanceRecord.count({ where: { providerId, status: 'challenged' } })
    },

    /** Whether the organisation asked for this dispute: a withheld file names no channel. */
    async askedFor(orgId: string, disputeId: bigint): Promise<boolean> {
      return (await db.disputeOrder.count({ where: { orgId, disputeId, action: 'withheld' } })) > 0
    },

    /** Who gains or loses by a dispute: people of the payer's, the asking and the provider's organisation, and accounts. */
    async partiesOf({ id, channelId, providerId }: { id: bigint; channelId: string; providerId: string }) {
      const [channel, provider, orders] = await Promise.all([
        db.channel.findUnique({ where: { id: channelId }, select: { orgId: true, ownerAddress: true } }),
        db.provider.findUnique({
          where: { id: providerId },
          select: { orgId: true, ownerAddress: true, payoutAddress: true },
        }),
        db.disputeOrder.findMany({ where: { disputeId: id }, select: { orgId: true }, distinct: ['orgId'] }),
      ])
      const accounts = [channel?.ownerAddress, provider?.ownerAddress, provider?.payoutAddress]
      return partiesIn(db, [channel, provider, ...orders], accounts)
    },

    /** The same for the challenge of a record: people of the provider's and of the challenging organisation, and accounts. */
    async partiesOfRecord(challenge: { providerId: string; subject: string; challenger: string | null }) {
      const { providerId, subject, challenger } = challenge
      const [provider, orders, channels] = await Promise.all([
        db.provider.findUnique({
          where: { id: providerId },
          select: { orgId: true, ownerAddress: true, payoutAddress: true },
        }),
        db.disputeOrder.findMany({
          where: { action: 'challenge', subject },
          select: { orgId: true },
          distinct: ['orgId'],
        }),
        challenger === null
          ? []
          : db.channel.findMany({ where: { ownerAddress: challenger }, select: { orgId: true }, take: 100 }),
      ])
      const accounts = [challenger, provider?.ownerAddress, provider?.payoutAddress]
      return partiesIn(db, [provider, ...orders, ...channels], accounts)
    },

    /** What the gateway tried for a request, as it noted it. */
    async attemptsOf(requestId: string): Promise<unknown> {
      return (await db.request.findUnique({ where: { id: requestId }, select: { attempts: true } }))?.attempts ?? null
    },

    /** What gateway and node signed of a node's attempts in an epoch, in order of their numbers. */
    async receiptsOfNode(lane: string, epoch: bigint, nodeId: string, limit: number) {
      const rows = await db.receipt.findMany({
        where: { lane, epoch, nodeId },
        orderBy: { seq: 'asc' },
        take: limit,
        select: { delivery: true, work: true },
      })
      return rows.map(({ delivery, work }) => ({ delivery: delivery as Fields, work: work as Fields | null }))
    },

    /** The same for spans of leases, which both signed alike. */
    async leaseReceiptsOfNode(lane: string, epoch: bigint, nodeId: string, limit: number) {
      const rows = await db.leaseReceipt.findMany({
        where: { lane, epoch, nodeId },
        orderBy: { seq: 'asc' },
        take: limit,
        select: { receipt: true },
      })
      return rows.map(({ receipt }) => receipt as Fields)
    },

    async disputesByIds(ids: readonly bigint[]) {
      return ids.length === 0 ? [] : db.dispute.findMany({ where: { id: { in: [...ids] } } })
    },

    async recordsByKeys(keys: readonly { nodeId: string; lane: string; epoch: bigint; version: number }[]) {
      return keys.length === 0 ? [] : db.performanceRecord.findMany({ where: { OR: [...keys] } })
    },

    ...deskQueueReads(db),
    ...partyDisputeReads(db),
    ...fileTries(db),

    /** Oldest first. */
    async disputeEvents(disputeId: bigint) {
      return db.disputeEvent.findMany({
        where: { disputeId },
        orderBy: [{ blockNumber: 'asc' }, { logIndex: 'asc' }],
        take: 200,
      })
    },

    /** The same text twice is one row. */
    async saveDocument(row: {
      hash: string
      role: string
      mediaType: string
      body: string
      orgId: string | null
      userId: string
    }): Promise<void> {
      await db.disputeDocument.createMany({ data: [row], skipDuplicates: true })
    },

    async documents(hashes: readonly string[]) {
      if (hashes.length === 0) return []
      return db.disputeDocument.findMany({ where: { hash: { in: [...hashes] } } })
    },

    ...orderRows(db),
  }
}

/** The people of these organisations with their wallets, beside the accounts that are known; addresses in lower case. */
async function partiesIn(
  db: DbOrTx,
  of: readonly ({ orgId: string | null } | null)[],
  known: readonly (string | null | undefined)[],
): Promise<{ userIds: string[]; addresses: string[] }> {
  const members = await db.member.findMany({
    where: { organizationId: { in: of.flatMap((each) => each?.orgId ?? []) } },
    select: { userId: true, user: { select: { wallets: { select: { address: true } } } } },
  })
  const wallets = members.flatMap(({ user }) => user.wallets.map(({ address }) => address))
  return {
    userIds: [...new Set(members.map(({ userId }) => userId))],
    addresses: [...new Set([...known, ...wallets].flatMap((address) => address?.toLowerCase() ?? []))],
  }
}

function orderRows(db: DbOrTx) {
  const open = { status: { in: ['requested', 'sent'] } }
  return {
    /** The order that is open for this already, or the new one. */
    async placeOrder(row: {
      id: string
      orgId: string
      requestedBy: string
      action: string
      subject: string
      disputeId: bigint | null
      account: string
      payload: object
    }) {
      const data = { ...row, payload: row.payload as Prisma.InputJsonObject }
      await db.disputeOrder.createMany({ data: [data], skipDuplicates: true })
      const { orgId, action, subject } = row
      const found = await db.disputeOrder.findFirst({ where: { orgId, action, subject, ...open } })
      return found ?? db.disputeOrder.findUnique({ where: { id: row.id } })
    },

    async ordersOf(orgId: string, limit: number) {
      return db.disputeOrder.findMany({ where: { orgId }, orderBy: { createdAt: 'desc' }, take: limit })
    },

    async openOrderCount(orgId: string): Promise<number> {
      return db.disputeOrder.count({ where: { orgId, ...open } })
    },

    /** Oldest first. */
    async openDisputeOrders(limit: number) {
      return db.disputeOrder.findMany({ where: open, orderBy: { createdAt: 'asc' }, take: limit })
    },

    /** What is final or failed stays so. */
    async updateDisputeOrder(
      id: string,
      data: { status: string; txHash?: string | null; error?: string | null; disputeId?: bigint },
    ): Promise<void> {
      await db.disputeOrder.updateMany({ where: { id, ...open }, data })
    },
  }
}
