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
  }
}
