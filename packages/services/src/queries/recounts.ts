/** Receipts whose token counts were corrected, for the three who look: the team, the provider, the platform. */
import type { ControlPlaneDeps } from '../ports/control-plane-deps.ts'
import type { StoredRecount } from '../ports/control-plane-store.ts'
import { nodeRefs } from './node-refs.ts'
import type { PublicRecount, RecountView } from './views/recounts.ts'
import type { NodeRef } from './views/node-ref.ts'

/** Newest first, at most `limit`: of one request, of a provider's nodes, or of all. */
export async function recountViews(
  { store }: Pick<ControlPlaneDeps, 'store'>,
  filter: { requestId?: string; nodeIds?: readonly string[]; limit: number },
): Promise<RecountView[]> {
  const rows = await store.recounts.recounts(filter)
  const nodes = await nodeRefs(
    store.providers,
    rows.map(({ nodeId }) => nodeId),
  )
  return rows.map((row) => recountView(row, nodes.get(row.nodeId) ?? null))
}

export function recountView(row: StoredRecount, node: NodeRef | null): RecountView {
  return {
    lane: row.lane,
    seq: Number(row.seq),
    requestId: row.requestId,
    attempt: row.attempt,
    nodeId: row.nodeId,
    node,
    model: row.model,
    billedIn: row.billedIn + row.billedCached,
    billedOut: row.billedOut,
    recountedIn: row.recountedIn + row.recountedCached,
    recountedOut: row.recountedOut,
    priceMicroUsd: row.priceMicroUsd,
    refundMicroUsd: row.refundMicroUsd,
    countedAtMs: row.countedAt.getTime(),
  }
}

/** Whose request it was is its team's business. */
export function publicRecount({ requestId: _requestId, ...recount }: RecountView): PublicRecount {
  return recount
}
