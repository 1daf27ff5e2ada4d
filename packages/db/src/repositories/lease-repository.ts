/**
 * Leases, the GPUs that they have, and their receipts. Every step is a conditional update by the state table; GPUs are taken
 * by one statement that never exceeds what a node offers, and given back once.
 */
import { leaseOver, leaseTransitions, type LeaseEvent, type LeaseStatus } from '@isochrone/domain'
import type { DbOrTx } from '../create-db.ts'
import { Prisma, type Lease, type LeaseQuote } from '../generated/client.ts'

const statuses = Object.keys(leaseTransitions) as LeaseStatus[]
const open = statuses.filter((status) => !leaseOver(status))
/** Those that are on their way to another state. */
const underWay = open.filter((status) => status !== 'running')
/** Those whose money is, or may be, held. */
const held = open.filter((status) => status !== 'requested')
/** How long it is told of a lease that is over that nothing is held for it. */
const OVER_TOLD_MS = 86_400_000

/** @param db a transaction wherever several calls must agree. */
export function leaseRepository(db: DbOrTx) {
  return { ...quoteRows(db), ...gpuRows(db), ...leaseRows(db), ...extensionRows(db), ...receiptRows(db) }
}

function quoteRows(db: DbOrTx) {
  return {
    async insertQuote(
      row: Omit<LeaseQuote, 'createdAt' | 'placement' | 'constraints'> & { placement: unknown; constraints: unknown },
    ): Promise<void> {
      const placement = row.placement as Prisma.InputJsonValue
      await db.leaseQuote.create({ data: { ...row, placement, constraints: jsonOrNull(row.constraints) } })
    },

    async quote(id: string, orgId: string): Promise<LeaseQuote | null> {
      return db.leaseQuote.findFirst({ where: { id, orgId } })
    },
  }
}

const jsonOrNull = (json: unknown) => (json === null ? Prisma.DbNull : (json as Prisma.InputJsonValue))

function gpuRows(db: DbOrTx) {
  return {
    /** False where fewer than `gpus` of `total` are free: whoever is second waits here for the first one's commit. */
    async takeGpus(nodeId: string, gpus: number, total: number): Promise<boolean> {
      const count = await db.$executeRaw`
        insert into node_gpus as g ("nodeId", taken, "updatedAt")
        select ${nodeId}, ${gpus}, now() where ${gpus} <= ${total}
        on conflict ("nodeId") do update set taken = g.taken + ${gpus}, "updatedAt" = now()
        where g.taken + ${gpus} <= ${total}`
      return count === 1
    },

    async giveGpus(nodeId: string, gpus: number): Promise<void> {
      await db.nodeGpus.updateMany({ where: { nodeId }, data: { taken: { decrement: gpus } } })
    },

    async takenGpus(nodeIds: readonly string[]): Promise<Map<string, number>> {
      const rows = await db.nodeGpus.findMany({ where: { nodeId: { in: [...nodeIds] } } })
      return new Map(rows.map(({ nodeId, taken }) => [nodeId, taken]))
    },

    /** A provider that has agreed to no target needs the least stake: nothing agreed is no stake. */
    async barredFromLeases(
      nodeIds: readonly string[],
      leastMicroUsd: bigint,
    ): Promise<Map<string, 'checks' | 'stake'>> {
      const rows = await db.$queryRaw<{ nodeId: string; failed: boolean }[]>`
        SELECT node."nodeId", COALESCE(checked."status" = 'failed', false) AS failed
        FROM "node" JOIN "provider" ON "provider"."id" = "node"."providerId"
        LEFT JOIN "node_verification" checked ON checked."nodeId" = node."nodeId"
        WHERE node."nodeId" = ANY(${[...nodeIds]}) AND (checked."status" = 'failed'
          OR "provider"."stakeMicroUsd" < COALESCE("provider"."stakeTargetMicroUsd", ${leastMicroUsd}))`
      return new Map(rows.map(({ nodeId, failed }) => [nodeId, failed ? 'checks' : 'stake']))
    },

    /** In one statement, so that nobody gives the same back twice. */
    async dropGpus(id: string): Promise<void> {
      await db.$executeRaw`
        with dropped as (
          update lease set "holdsGpus" = false, "updatedAt" = now() where id = ${id} and "holdsGpus"
          returning "nodeId", gpus
        )
        update node_gpus set taken = taken - dropped.gpus, "updatedAt" = now()
        from dropped where node_gpus."nodeId" = dropped."nodeId"`
    },
  }
}

type Change = Prisma.LeaseUpdateManyMutationInput

interface Step {
  id: string
  event: LeaseEvent
  atMs: number
  change?: Change
  details?: Record<string, unknown>
  seen?: Pick<Prisma.LeaseWhereInput, 'status' | 'durationMs' | 'endsAtMs' | 'reservedMicroUsd'>
}

function leaseRows(db: DbOrTx) {
  const note = async (leaseId: string, event: string, atMs: number, status: LeaseStatus, details: object) => {
    await db.leaseEventRow.create({
      data: { leaseId, event, atMs: BigInt(Math.round(atMs)), status, details },
    })
  }
  return {
    async insert(
      row: Omit<Prisma.LeaseCreateManyInput, 'constraints'> & { constraints: unknown },
      atMs: number,
    ): Promise<boolean> {
      const data = [{ ...row, constraints: jsonOrNull(row.constraints) }]
      const { count } = await db.lease.createMany({ data, skipDuplicates: true })
      if (count === 1) await note(row.id, 'request', atMs, 'requested', {})
      return count === 1
    },

    async get(id: string, orgId?: string): Promise<Lease | null> {
      return db.lease.findFirst({ where: { id, ...(orgId !== undefined && { orgId }) } })
    },

    /** Newest first. */
    async list(orgId: string, limit: number, before: { at: Date; id: string } | null): Promise<Lease[]> {
      const earlier = before && {
        OR: [{ createdAt: { lt: before.at } }, { createdAt: before.at, id: { lt: before.id } }],
      }
      return db.lease.findMany({
        where: { orgId, ...earlier },
        orderBy: [{ createdAt: 'desc' }, { id: 'desc' }],
        take: limit,
      })
    },

    async dueIds({ nowMs, meteredBeforeMs, limit }: { nowMs: number; meteredBeforeMs: number; limit: number }) {
      const late = { lt: BigInt(Math.floor(meteredBeforeMs)) }
      const rows = await db.lease.findMany({
        where: {
          OR: [
            { status: { in: underWay } },
            {
              status: 'running',
              OR: [
                { endsAtMs: { lte: BigInt(Math.floor(nowMs)) } },
                { goneSinceMs: { not: null } },
                { servingSinceMs: late, OR: [{ meteredToMs: null }, { meteredToMs: late }] },
              ],
            },
          ],
        },
        orderBy: { updatedAt: 'asc' },
        take: limit,
        select: { id: true },
      })
      return rows.map(({ id }) => id)
    },

    async step({ id, event, atMs, seen = {}, change = {}, details = {} }: Step): Promise<Lease | null> {
      for (const from of statuses) {
        const to = leaseTransitions[from][event]
        if (to === undefined) continue
        const [row] = await db.lease.updateManyAndReturn({
          where: { AND: [{ id, status: from }, seen] },
          data: { ...change, status: to },
        })
        if (!row) continue
        await note(id, event, atMs, to, details)
        return row
      }
      return null
    },

    async update(id: string, status: LeaseStatus, change: Change): Promise<boolean> {
      return (await db.lease.updateMany({ where: { id, status }, data: change })).count === 1
    },

    async note(id: string, event: string, atMs: number, details: Record<string, unknown>): Promise<void> {
      const row = await db.lease.findUnique({ where: { id }, select: { status: true } })
      if (row) await note(id, event, atMs, row.status, details)
    },

    async events(leaseId: string) {
      return db.leaseEventRow.findMany({ where: { leaseId }, orderBy: { id: 'asc' }, take: 500 })
    },

    /** What is held for each lease, and which were over lately. */
    async holds(channelIds?: readonly string[]) {
      const rows = await db.lease.findMany({
        where: {
          ...(channelIds && { channelId: { in: [...channelIds] } }),
          OR: [{ status: { in: held } }, { endedAt: { gt: new Date(Date.now() - OVER_TOLD_MS) } }],
        },
        select: { id: true, channelId: true, status: true, reservedMicroUsd: true, billedMicroUsd: true },
      })
      return rows.map(({ id: leaseId, status, ...sums }) => ({ leaseId, ...sums, isOver: leaseOver(status) }))
    },
  }
}

function extensionRows(db: DbOrTx) {
  return {
    /** Whoever is second waits here for the first one's end. */
    async lock(id: string, orgId?: string): Promise<Lease | null> {
      const [row] = await db.$queryRaw<{ orgId: string }[]>`
        select "orgId" from lease where id = ${id} and "orgId" = coalesce(${orgId ?? null}, "orgId") for update`
      return row ? db.lease.findUnique({ where: { id } }) : null
    },

    async extension(leaseId: string, key: string): Promise<{ durationMs: bigint } | null> {
      return db.leaseExtension.findUnique({ where: { leaseId_key: { leaseId, key } }, select: { durationMs: true } })
    },

    async extend(more: Prisma.LeaseExtensionCreateManyInput): Promise<Lease> {
      const { leaseId, durationMs, reserveMicroUsd } = more
      await db.leaseExtension.create({ data: more })
      // An end that is not known yet follows from the duration.
      await db.$executeRaw`
        update lease set "durationMs" = "durationMs" + ${durationMs}, "endsAtMs" = "endsAtMs" + ${durationMs},
          "reservedMicroUsd" = "reservedMicroUsd" + ${reserveMicroUsd}, "updatedAt" = now()
        where id = ${leaseId}`
      return db.lease.findUniqueOrThrow({ where: { id: leaseId } })
    },
  }
}

export interface NewLeaseReceipt {
  lane: string
  seq: bigint
  hash: string
  leaseId: string
  nodeId: string
  channelId: string
  fromMs: bigint
  toMs: bigint
  gpuMs: bigint
  priceMicroUsd: bigint
  receipt: unknown
  laneSignature: string
  nodeSignature: string
}

function receiptRows(db: DbOrTx) {
  return {
    /** Newest first. */
    async receipts(leaseId: string, limit: number) {
      return db.leaseReceipt.findMany({ where: { leaseId }, orderBy: { fromMs: 'desc' }, take: limit })
    },

    async hasReceipt(lane: string, seq: bigint): Promise<boolean> {
      return (await db.leaseReceipt.count({ where: { lane, seq } })) === 1
    },

    /** Inserts those that are new and returns how many; what their leases are billed follows. */
    async insertLeaseReceipts(rows: readonly NewLeaseReceipt[]): Promise<number> {
      if (rows.length === 0) return 0
      const data = rows.map((row) => ({ ...row, receipt: row.receipt as Prisma.InputJsonObject }))
      const { count } = await db.leaseReceipt.createMany({ data, skipDuplicates: true })
      const ids = [...new Set(rows.map(({ leaseId }) => leaseId))].toSorted()
      await db.$executeRaw`
        update lease set "billedMicroUsd" = sums.price, "meteredToMs" = sums.to_ms, "updatedAt" = now()
        from (select "leaseId", sum("priceMicroUsd")::bigint as price, max("toMs") as to_ms from lease_receipt
              where "leaseId" in (${Prisma.join(ids)}) group by 1) sums
        where lease.id = sums."leaseId"`
      return count
    },

    async leaseHashes(lane: string, seqs: readonly bigint[]): Promise<Map<bigint, string>> {
      const rows = await db.leaseReceipt.findMany({
        where: { lane, seq: { in: [...seqs] } },
        select: { seq: true, hash: true },
      })
      return new Map(rows.map((row) => [row.seq, row.hash]))
    },

    /** Of these ids, those that are leases. */
    async knownLeases(ids: readonly string[]): Promise<Set<string>> {
      const rows = await db.lease.findMany({ where: { id: { in: [...ids] } }, select: { id: true } })
      return new Set(rows.map(({ id }) => id))
    },
  }
}

export type LeaseRepository = ReturnType<typeof leaseRepository>
