/** Reads for the pages that show evidence: receipts, leaves of an epoch, performance records, claims, a channel's history. */
import type { DbOrTx } from '../create-db.ts'
import type { MovementKind, Prisma, RecordStatus } from '../generated/client.ts'
import { leaseReceiptReads } from './lease-receipt-reads.ts'

interface EpochKey {
  lane: string
  epoch: bigint
}

export function evidenceRepository(db: DbOrTx) {
  return { ...receiptReads(db), ...leaseReceiptReads(db), ...recordReads(db), ...moneyReads(db) }
}

function receiptReads(db: DbOrTx) {
  return {
    async receipt(lane: string, seq: bigint) {
      return db.receipt.findUnique({ where: { lane_seq: { lane, seq } } })
    },

    async receiptPlace(hash: string) {
      const select = { lane: true, seq: true }
      const pair =
        (await db.receipt.findUnique({ where: { deliveryHash: hash }, select })) ??
        (await db.receipt.findFirst({ where: { workHash: hash }, select }))
      if (pair) return { ...pair, isLease: false }
      const lease = await db.leaseReceipt.findUnique({ where: { hash }, select })
      return lease && { ...lease, isLease: true }
    },

    async receiptsOfEpoch(filter: {
      lane: string
      epoch: bigint
      afterSeq: bigint
      limit: number
      channelId: string | null
    }) {
      const { lane, epoch, afterSeq, limit, channelId } = filter
      return db.receipt.findMany({
        where: { lane, epoch, seq: { gt: afterSeq }, ...(channelId !== null && { channelId }) },
        orderBy: { seq: 'asc' },
        take: limit,
        select: {
          seq: true,
          attempt: true,
          nodeId: true,
          channelId: true,
          priceMicroUsd: true,
          fault: true,
          startedAtMs: true,
          delivery: true,
        },
      })
    },

    async leafHashes({ lane, epoch, afterSeq, limit }: EpochKey & { afterSeq: bigint; limit: number }) {
      return db.receipt.findMany({
        where: { lane, epoch, seq: { gt: afterSeq } },
        orderBy: { seq: 'asc' },
        take: limit,
        select: { seq: true, deliveryHash: true, workHash: true },
      })
    },

    async leaseHashesOfEpoch({ lane, epoch, afterSeq, limit }: EpochKey & { afterSeq: bigint; limit: number }) {
      return db.leaseReceipt.findMany({
        where: { lane, epoch, seq: { gt: afterSeq } },
        orderBy: { seq: 'asc' },
        take: limit,
        select: { seq: true, hash: true },
      })
    },

    async termsRows(hashes: readonly string[]) {
      if (hashes.length === 0) return []
      return db.terms.findMany({
        where: { hash: { in: [...hashes] } },
        select: { hash: true, providerId: true, values: true, document: true, registeredTx: true },
      })
    },
  }
}

function recordReads(db: DbOrTx) {
  return {
    async recordsOfEpoch(lane: string, epoch: bigint) {
      return db.performanceRecord.findMany({
        where: { lane, epoch },
        orderBy: [{ nodeId: 'asc' }, { version: 'desc' }],
        take: 2_000,
      })
    },

    async brokenCounts(nodeIds: readonly string[], limit: number) {
      if (nodeIds.length === 0) return []
      return db.slaCounts.findMany({
        where: { nodeId: { in: [...nodeIds] }, broken: { gt: 0 } },
        orderBy: [{ epoch: 'desc' }, { nodeId: 'asc' }, { channelId: 'asc' }],
        take: limit,
      })
    },

    async waitingCounts(nodeIds: readonly string[], limit: number) {
      if (nodeIds.length === 0) return []
      const rows = await db.slaCounts.findMany({
        where: {
          nodeId: { in: [...nodeIds] },
          broken: null,
          countedTx: null,
          recordRow: { status: { in: ['reported', 'final'] } },
        },
        orderBy: [{ epoch: 'desc' }, { nodeId: 'asc' }, { channelId: 'asc' }],
        take: limit,
        include: { recordRow: { select: { status: true, finalAtS: true } } },
      })
      return rows.map(({ recordRow, ...row }) => ({ ...row, ...recordRow }))
    },

    async recordVersions({ nodeId, lane, epoch }: EpochKey & { nodeId: string }) {
      return db.performanceRecord.findMany({ where: { nodeId, lane, epoch }, orderBy: { version: 'desc' }, take: 256 })
    },

    async countsOf({ nodeId, lane, epoch, version }: EpochKey & { nodeId: string; version: number }) {
      return db.slaCounts.findMany({
        where: { nodeId, lane, epoch, version },
        orderBy: [{ channelId: 'asc' }, { termsHash: 'asc' }],
        take: 1_000,
      })
    },

    async recordsOfProvider(providerId: string, keys: readonly EpochKey[]) {
      if (keys.length === 0) return []
      return db.performanceRecord.findMany({
        where: { providerId, OR: keys.map(({ lane, epoch }) => ({ lane, epoch })) },
        orderBy: [{ nodeId: 'asc' }, { version: 'desc' }],
        take: 2_000,
      })
    },

    async epochsOfProvider(filter: {
      providerId: string
      limit: number
      before: { closedAtMs: bigint; lane: string } | null
      recordStatus: RecordStatus | null
    }) {
      const { providerId, limit, before, recordStatus } = filter
      const keys = await providerEpochKeys(db, providerId, recordStatus, before, limit)
      if (keys.length === 0) return []
      return db.epoch.findMany({
        where: { OR: keys.map(({ lane, epoch }) => ({ lane, epoch })) },
        orderBy: [{ closedAtMs: 'desc' }, { lane: 'desc' }],
      })
    },
  }
}

/** Newest epochs first in which a provider has a voucher or a record. */
async function providerEpochKeys(
  db: DbOrTx,
  providerId: string,
  recordStatus: RecordStatus | null,
  before: { closedAtMs: bigint; lane: string } | null,
  limit: number,
): Promise<EpochKey[]> {
  return db.$queryRaw<EpochKey[]>`
    select e.lane, e.epoch from epoch e
    where (
        exists (select 1 from performance_record r
                where r.lane = e.lane and r.epoch = e.epoch and r."providerId" = ${providerId}
                  and (${recordStatus}::text is null or r.status::text = ${recordStatus}))
        or (${recordStatus}::text is null and exists (select 1 from voucher v
                where v.lane = e.lane and v.epoch = e.epoch and v."providerId" = ${providerId}))
      )
      and (${before === null} or (e."closedAtMs", e.lane) < (${before?.closedAtMs ?? 0n}, ${before?.lane ?? ''}))
    order by e."closedAtMs" desc, e.lane desc
    limit ${limit}`
}

function moneyReads(db: DbOrTx) {
  return {
    async vouchersOfProvider(providerId: string, keys: readonly EpochKey[]) {
      if (keys.length === 0) return []
      return db.voucher.findMany({
        where: { providerId, OR: keys.map(({ lane, epoch }) => ({ lane, epoch })) },
        orderBy: [{ epoch: 'desc' }, { channelId: 'asc' }],
        take: 5_000,
      })
    },

    async payoutsOfEpochs(providerId: string, keys: readonly EpochKey[]) {
      if (keys.length === 0) return []
      return db.payout.findMany({
        where: { providerId, OR: keys.map(({ lane, epoch }) => ({ lane, epoch })) },
        orderBy: [{ blockNumber: 'asc' }, { logIndex: 'asc' }],
        take: 2_000,
      })
    },

    /** Newest first. */
    async history(filter: {
      channelId: string
      kinds: readonly MovementKind[] | null
      fromMs: number | null
      toMs: number | null
      limit: number
      before: { blockNumber: bigint; logIndex: number } | null
    }) {
      const { channelId, kinds, fromMs, toMs, limit, before } = filter
      const and: Prisma.ChannelMovementWhereInput[] = []
      if (fromMs !== null) and.push({ atMs: { gte: BigInt(fromMs) } })
      if (toMs !== null) and.push({ atMs: { lt: BigInt(toMs) } })
      if (before) {
        const { blockNumber, logIndex } = before
        and.push({ OR: [{ blockNumber: { lt: blockNumber } }, { blockNumber, logIndex: { lt: logIndex } }] })
      }
      return db.channelMovement.findMany({
        where: { channelId, ...(kinds && { kind: { in: [...kinds] } }), AND: and },
        orderBy: [{ blockNumber: 'desc' }, { logIndex: 'desc' }],
        take: limit,
      })
    },
  }
}
