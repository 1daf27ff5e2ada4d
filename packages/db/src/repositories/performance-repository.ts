/**
 * Nodes' performance records and the counts under them. A record's status is what the chain last said of it; `signed`
 * until then.
 */
import type { DbOrTx } from '../create-db.ts'
import type { Prisma, RecordStatus } from '../generated/client.ts'

export interface NewPerformanceRecord {
  nodeId: string
  lane: string
  epoch: bigint
  version: number
  providerId: string
  earnedMicroUsd: bigint
  attempts: number
  faults: number
  countsRoot: string
  record: unknown
  laneSignature: string
  nodeSignature: string | null
  nodeReason: string | null
}

export interface NewSlaCounts {
  nodeId: string
  lane: string
  epoch: bigint
  version: number
  channelId: string
  termsHash: string
  leaf: string
  counts: unknown
}

export interface RecordKey {
  nodeId: string
  lane: string
  epoch: bigint
  version: number
}

/** What the chain says of a record, as far as it is stored. */
export interface RecordStanding {
  status: RecordStatus
  finalAtS?: bigint | null
  challengeBondMicroUsd?: bigint
  rulingEndsAtS?: bigint
  reportedTx?: string | null
  finalTx?: string | null
  challengedTx?: string | null
  challengerReason?: string | null
}

interface UnderWay extends RecordKey {
  status: RecordStatus
  providerId: string
  countsRoot: string
  record: unknown
  laneSignature: string
  nodeSignature: string | null
  finalAtS: bigint | null
}

/** Of a record that is on the chain no more. */
const notOnChain = {
  reportedTx: null,
  finalTx: null,
  challengedTx: null,
  finalAtS: null,
  challengeBondMicroUsd: null,
  rulingEndsAtS: null,
}

/** @param db a transaction wherever several calls must agree. */
export function performanceRepository(db: DbOrTx) {
  return {
    /** Inserts what is new. The node's signature may come after the lane's; nothing else of a record changes. */
    async insertSigned(records: readonly NewPerformanceRecord[], counts: readonly NewSlaCounts[]): Promise<void> {
      if (records.length > 0) {
        const data = records.map((row) => ({ ...row, record: row.record as Prisma.InputJsonObject }))
        await db.performanceRecord.createMany({ data, skipDuplicates: true })
      }
      for (const { nodeId, lane, epoch, version, countsRoot, nodeSignature } of records) {
        if (nodeSignature === null) continue
        const where = { nodeId, lane, epoch, version, countsRoot, status: 'signed' as const, nodeSignature: null }
        await db.performanceRecord.updateMany({ where, data: { nodeSignature, nodeReason: null } })
      }
      if (counts.length > 0) {
        const data = counts.map((row) => ({ ...row, counts: row.counts as Prisma.InputJsonObject }))
        await db.slaCounts.createMany({ data, skipDuplicates: true })
      }
    },

    /** Which provider each node belongs to; nodes that nobody knows are left out. */
    async providersOfNodes(nodeIds: readonly string[]): Promise<Map<string, string>> {
      const rows = await db.node.findMany({
        where: { nodeId: { in: [...nodeIds] } },
        select: { nodeId: true, providerId: true },
      })
      return new Map(rows.map((row) => [row.nodeId, row.providerId]))
    },

    async ofEpoch(lane: string, epoch: bigint) {
      return db.performanceRecord.findMany({
        where: { lane, epoch },
        orderBy: [{ nodeId: 'asc' }, { version: 'asc' }],
      })
    },

    /** Newest epochs first: a provider's, or one node's. */
    async records(filter: { providerId?: string; nodeId?: string; limit: number }) {
      const { providerId, nodeId, limit } = filter
      return db.performanceRecord.findMany({
        where: { ...(providerId !== undefined && { providerId }), ...(nodeId !== undefined && { nodeId }) },
        orderBy: [{ epoch: 'desc' }, { lane: 'asc' }, { nodeId: 'asc' }, { version: 'desc' }],
        take: limit,
      })
    },

    /**
     * Records of anchored epochs that can go on at `nowS` (chain time): neither final, nor invalid with nothing frozen, nor
     * within their window or freeze. Oldest epochs first; each provider of each lane has its turn when there are too many,
     * so that records which the chain refuses hold up nobody else's.
     */
    async underWay(limit: number, nowS: number) {
      return db.$queryRaw<UnderWay[]>`
        select chosen.* from (
          select record.*, row_number() over (
            partition by record.lane, record."providerId" order by record.epoch, record."nodeId", record.version
          ) as turn
          from performance_record record
          join epoch on epoch.lane = record.lane and epoch.epoch = record.epoch
          where (record.status in ('signed', 'reported', 'challenged') or record."finalAtS" is not null and record.status = 'invalid')
            and (record.status = 'challenged' or record."finalAtS" is null or record."finalAtS" <= ${BigInt(nowS)})
            and epoch.status <> 'closed'
          order by turn, record.epoch, record.lane, record."nodeId", record.version limit ${limit}
        ) chosen order by chosen.epoch, chosen.lane, chosen."nodeId", chosen.version`
    },

    /**
     * Invalid versions below `versionMax` under which something is frozen and that no later version follows. In no order, so
     * that lanes which do not answer hold up no other.
     */
    async withoutSuccessor(versionMax: number, limit: number): Promise<RecordKey[]> {
      return db.$queryRaw<RecordKey[]>`
        select record."nodeId", record.lane, record.epoch, record.version from performance_record record
        where record.status = 'invalid' and record."finalAtS" is not null and record.version < ${versionMax} and not exists (
          select from performance_record later
          where later."nodeId" = record."nodeId" and later.lane = record.lane and later.epoch = record.epoch
            and later.version > record.version
        ) order by random() limit ${limit}`
    },

    /** Whether a record of the provider's is final in that epoch of the lane. */
    async anyFinal(providerId: string, { lane, epoch }: { lane: string; epoch: bigint }): Promise<boolean> {
      return (await db.performanceRecord.count({ where: { providerId, lane, epoch, status: 'final' } })) > 0
    },

    /** True when the row was in one of the statuses `from`. */
    async setStanding(key: RecordKey, from: readonly RecordStatus[], standing: RecordStanding): Promise<boolean> {
      const { count } = await db.performanceRecord.updateMany({
        where: { ...key, status: { in: [...from] } },
        data: standing,
      })
      return count === 1
    },

    /** The transactions that the chain's events name, where they are not known yet. */
    async noteTransaction(
      key: Omit<RecordKey, 'version'> & { version?: number },
      field: 'reportedTx' | 'finalTx' | 'challengedTx',
      txHash: string,
    ): Promise<void> {
      await db.performanceRecord.updateMany({ where: { ...key, [field]: null }, data: { [field]: txHash } })
    },

    /** A record that waits for its window is asked about at the next round. */
    async lookAgain(key: Omit<RecordKey, 'version'>): Promise<void> {
      await db.performanceRecord.updateMany({ where: { ...key, status: 'reported' }, data: { finalAtS: null } })
    },

    /** Back to what the lane signed, to be read from the chain anew: what was on it is not any more. */
    async reopen(key: Omit<RecordKey, 'version'>): Promise<void> {
      await db.performanceRecord.updateMany({ where: key, data: { status: 'signed', ...notOnChain } })
      await db.slaCounts.updateMany({ where: key, data: { countedTx: null, broken: null, creditMicroUsd: null } })
    },

    async reopenAll(): Promise<void> {
      await db.performanceRecord.updateMany({ data: { status: 'signed', ...notOnChain } })
      await db.slaCounts.updateMany({ data: { countedTx: null, broken: null, creditMicroUsd: null } })
    },
  }
}
