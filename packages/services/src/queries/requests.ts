/** A team's requests, newest first, and one of them with all its evidence. */
import { AppError } from '@isochrone/domain'
import { attemptJson } from '@isochrone/protocol'
import { unpackPlacement } from '@isochrone/scheduler'
import type { ControlPlaneDeps } from '../ports/control-plane-deps.ts'
import type { RequestListRow, RequestRow } from '../ports/rows.ts'
import { decodeCursor, limitOf, pageOf } from './cursor.ts'
import { nodeRefs } from './node-refs.ts'
import { receiptViews } from './receipts.ts'
import { recountViews } from './recounts.ts'
import { epochsOf, leastStage } from './settlement.ts'
import type { Page, SettlementStage } from './views/common.ts'
import type { RequestDetail, RequestFilter, RequestSummary } from './views/requests.ts'
import type { NodeRef } from './views/node-ref.ts'

type Deps = Pick<ControlPlaneDeps, 'store' | 'chain'>

export async function requestsOfOrg(
  { store }: Deps,
  filter: RequestFilter & { orgId: string },
): Promise<Page<RequestSummary>> {
  const limit = limitOf(filter.limit)
  const rows = await store.readings.requests({
    orgId: filter.orgId,
    limit: limit + 1,
    before: decodeCursor(filter.cursor),
    status: filter.status ?? null,
    model: filter.model ?? null,
  })
  const nodes = await nodeRefs(
    store.providers,
    rows.map((row) => row.nodeId),
  )
  const epochs = await epochsOf(
    store.readings,
    rows.flatMap((row) => row.receipts),
  )
  return pageOf(
    rows,
    limit,
    (row: RequestListRow) => ({ at: row.receivedAt, id: row.id }),
    (row) => summaryOf(row, nodes, leastStage(epochs, row.receipts)),
  )
}

/** `not_found` for another organisation's request. */
export async function requestDetail(
  deps: Deps,
  { orgId, requestId }: { orgId: string; requestId: string },
): Promise<RequestDetail> {
  const { store } = deps
  const row = await store.readings.request(orgId, requestId)
  if (!row) throw new AppError('not_found', { publicMessage: 'There is no such request in this organisation.' })
  const receipts = await store.readings.receiptsOf(requestId)
  const attempts = attemptJson.array().safeParse(row.attempts).data ?? []
  const nodes = await nodeRefs(store.providers, [
    row.nodeId,
    ...attempts.map((attempt) => attempt.nodeId),
    ...receipts.map((receipt) => receipt.nodeId),
  ])
  const epochs = await epochsOf(store.readings, receipts)
  const key = row.keyId ? (await store.apiKeys.list(orgId)).find(({ id }) => id === row.keyId) : undefined
  return {
    ...summaryOf(row, nodes, leastStage(epochs, receipts)),
    errorMessage: row.errorMessage,
    keyId: row.keyId,
    keyName: key?.name ?? null,
    channelId: row.channelId,
    lane: row.lane,
    attempts: attempts.map((attempt) => ({ ...attempt, nodeName: labelOf(nodes.get(attempt.nodeId)) })),
    placement: unpackPlacement(row.placement),
    receipts: await receiptViews(deps, receipts, epochs, nodes),
    recounts: await recountViews(deps, { requestId, limit: 64 }),
  }
}

function summaryOf(
  row: Omit<RequestRow, 'attempts' | 'placement'>,
  nodes: ReadonlyMap<string, NodeRef>,
  settlement: SettlementStage,
): RequestSummary {
  return {
    id: row.id,
    jobId: row.jobId,
    path: row.path,
    model: row.model,
    stream: row.stream,
    status: row.status,
    httpStatus: row.httpStatus,
    errorCode: row.errorCode,
    receivedAtMs: row.receivedAt.getTime(),
    finishedAtMs: row.finishedAt.getTime(),
    ttftMs: row.ttftMs,
    tpotMs: row.tpotMs,
    tokensIn: row.tokensIn,
    tokensCached: row.tokensCached,
    tokensOut: row.tokensOut,
    priceMicroUsd: row.priceMicroUsd,
    node: row.nodeId ? (nodes.get(row.nodeId) ?? null) : null,
    settlement,
  }
}

/** A name that says what it names: timing from a performance curve is never shown as hardware. */
function labelOf(node: NodeRef | undefined): string | null {
  if (!node) return null
  return node.simulated ? `${node.name} (simulated)` : node.name
}
