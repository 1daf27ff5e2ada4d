/** Reads of lease receipts with whose they are: the organisation of the lease, and the provider of the node. */
import type { DbOrTx } from '../create-db.ts'
import type { Prisma } from '../generated/client.ts'

interface EpochKey {
  lane: string
  epoch: bigint
}

/** Either is enough. */
interface Owner {
  orgId: string | null
  providerId: string | null
}

const withOrganisation = { lease: { select: { orgId: true } } } as const
type Row = Prisma.LeaseReceiptGetPayload<{ include: typeof withOrganisation }>

export function leaseReceiptReads(db: DbOrTx) {
  return {
    async leaseReceipt(lane: string, seq: bigint) {
      const row = await db.leaseReceipt.findUnique({ where: { lane_seq: { lane, seq } }, include: withOrganisation })
      return row && ((await owned(db, [row]))[0] ?? null)
    },

    /** In order of their numbers, above `afterSeq`. */
    async leaseReceiptsOfEpoch(filter: EpochKey & { afterSeq: bigint; limit: number; of: Owner | 'all' }) {
      const { lane, epoch, afterSeq, limit, of } = filter
      const mine = of === 'all' ? {} : { OR: await ownedBy(db, of) }
      const rows = await db.leaseReceipt.findMany({
        where: { lane, epoch, seq: { gt: afterSeq }, ...mine },
        orderBy: { seq: 'asc' },
        take: limit,
        include: withOrganisation,
      })
      return owned(db, rows)
    },

    async leaseReceiptCounts(providerId: string, keys: readonly EpochKey[]) {
      if (keys.length === 0) return []
      const rows = await db.leaseReceipt.groupBy({
        by: ['lane', 'epoch'],
        where: {
          nodeId: { in: await nodesOf(db, providerId) },
          OR: keys.map(({ lane, epoch }) => ({ lane, epoch })),
        },
        _count: true,
      })
      return rows.flatMap(({ lane, epoch, _count }) => (epoch === null ? [] : [{ lane, epoch, count: _count }]))
    },
  }
}

/** Of nobody where neither is given: an empty `OR` matches no row. */
async function ownedBy(db: DbOrTx, { orgId, providerId }: Owner): Promise<Prisma.LeaseReceiptWhereInput[]> {
  return [
    ...(orgId === null ? [] : [{ lease: { orgId } }]),
    ...(providerId === null ? [] : [{ nodeId: { in: await nodesOf(db, providerId) } }]),
  ]
}

/** A node is one provider's for ever. */
async function nodesOf(db: DbOrTx, providerId: string): Promise<string[]> {
  const rows = await db.node.findMany({ where: { providerId }, select: { nodeId: true } })
  return rows.map(({ nodeId }) => nodeId)
}

async function owned(db: DbOrTx, rows: readonly Row[]) {
  const nodeIds = [...new Set(rows.map(({ nodeId }) => nodeId))]
  const nodes = await db.node.findMany({
    where: { nodeId: { in: nodeIds } },
    select: { nodeId: true, providerId: true },
  })
  const providers = new Map(nodes.map(({ nodeId, providerId }) => [nodeId, providerId]))
  return rows.map(({ lease, ...row }) => ({
    ...row,
    orgId: lease.orgId,
    providerId: providers.get(row.nodeId) ?? null,
  }))
}
