/** Receipts whose token counts were corrected, as the gateways' journals tell of them: one row for each, whoever tells it how often. */
import type { DbOrTx } from '../create-db.ts'

export interface NewRecount {
  lane: string
  seq: bigint
  requestId: string
  attempt: number
  orgId: string
  channelId: string
  providerId: string
  nodeId: string
  model: string
  billedIn: number
  billedCached: number
  billedOut: number
  recountedIn: number
  recountedCached: number
  recountedOut: number
  countedIn: number | null
  countedOut: number | null
  priceMicroUsd: bigint
  refundMicroUsd: bigint
  countedAtMs: number
}

export function recountRepository(db: DbOrTx) {
  return {
    /** The first that is told of a receipt stays: a later one finds its epoch closed, and refunds nothing. */
    async insertRecounts(rows: readonly NewRecount[]): Promise<void> {
      if (rows.length === 0) return
      const data = rows.map(({ countedAtMs, ...row }) => ({ ...row, countedAt: new Date(countedAtMs) }))
      await db.meteringRecount.createMany({ data, skipDuplicates: true })
    },

    /** Newest first, at most `limit`; of one request, of a provider's nodes, or of all. */
    async recounts({ requestId, nodeIds, limit }: { requestId?: string; nodeIds?: readonly string[]; limit: number }) {
      return db.meteringRecount.findMany({
        where: { ...(requestId !== undefined && { requestId }), ...(nodeIds && { nodeId: { in: [...nodeIds] } }) },
        orderBy: { countedAt: 'desc' },
        take: limit,
      })
    },

    /** Of one receipt; null where it was not recounted, or nothing was too much. */
    async recountOf(lane: string, seq: bigint) {
      return db.meteringRecount.findUnique({ where: { lane_seq: { lane, seq } } })
    },

    /** How many receipts of this span are paid by less than they say, and by how much, µUSD. Both ends included. */
    async correctedIn(
      lane: string,
      fromSeq: bigint,
      toSeq: bigint,
    ): Promise<{ count: number; refundMicroUsd: bigint }> {
      const { _count, _sum } = await db.meteringRecount.aggregate({
        where: { lane, seq: { gte: fromSeq, lte: toSeq }, refundMicroUsd: { gt: 0n } },
        _count: { _all: true },
        _sum: { refundMicroUsd: true },
      })
      return { count: _count._all, refundMicroUsd: _sum.refundMicroUsd ?? 0n }
    },
  }
}
