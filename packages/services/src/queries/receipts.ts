/** Receipts as pages show them: checked, with the Merkle proofs of their places in the anchored epoch. */
import { AppError } from '@isochrone/domain'
import { fault } from '@isochrone/protocol'
import type { ControlPlaneDeps } from '../ports/control-plane-deps.ts'
import type { PlacedReceiptRow, ReceiptListRow } from '../ports/evidence-readings.ts'
import type { ReceiptRow } from '../ports/rows.ts'
import { checkReceipt } from './check-receipt.ts'
import { leaseReceiptView, mayRead, noReceipt, type Reader } from './lease-receipts.ts'
import { nodeRefs } from './node-refs.ts'
import { isIncluded, placeInEpoch, type Place } from './place-in-epoch.ts'
import { publicRecount, recountView } from './recounts.ts'
import { epochOf, epochsOf, stageOf, type EpochsByKey } from './settlement.ts'
import { termsViews } from './terms-views.ts'
import type { Check } from './views/common.ts'
import type { AnyReceipt, ReceiptDetail, ReceiptListItem } from './views/receipts.ts'
import type { ReceiptView } from './views/requests.ts'
import type { NodeRef } from './views/node-ref.ts'

type Deps = Pick<ControlPlaneDeps, 'store' | 'chain'>

const faultNames = ['none', 'provider', 'client', 'gateway', 'capacity'] as const satisfies (keyof typeof fault)[]

/** Whatever a lane signed under a number: anyone is shown an attempt of a request, its parties alone a span of a lease. */
export async function anyReceipt(
  deps: Deps,
  { lane, seq, reader }: { lane: string; seq: number; reader: Reader },
): Promise<AnyReceipt> {
  const { evidence } = deps.store
  const row = await evidence.receipt(lane, BigInt(seq))
  if (row) return { kind: 'attempt', receipt: await detailOf(deps, row, reader.orgId) }
  const lease = await evidence.leaseReceipt(lane, BigInt(seq))
  if (!lease || !mayRead(lease, reader)) throw noReceipt()
  return { kind: 'lease', receipt: await leaseReceiptView(deps, lease, reader) }
}

/** An attempt's receipt by its place in a lane. `orgId`: of who asks; the request's id is told to its payer alone. */
export async function receiptDetail(
  deps: Deps,
  { lane, seq, orgId }: { lane: string; seq: number; orgId: string | null },
): Promise<ReceiptDetail> {
  const row = await deps.store.evidence.receipt(lane, BigInt(seq))
  if (!row) throw noReceipt()
  return detailOf(deps, row, orgId)
}

async function detailOf(deps: Deps, row: PlacedReceiptRow, orgId: string | null): Promise<ReceiptDetail> {
  const { store } = deps
  const epochs = await epochsOf(store.readings, [row])
  const [view] = await receiptViews(deps, [row], epochs, await nodeRefs(store.providers, [row.nodeId]))
  if (!view) throw new AppError('internal', { publicMessage: 'The receipt could not be shown.' })
  const epoch = epochOf(epochs, row)
  const recount = await store.recounts.recountOf(row.lane, row.seq)
  const own = orgId !== null && (await store.readings.request(orgId, row.requestId)) !== null
  return {
    ...view,
    channelId: row.channelId,
    providerId: view.terms?.providerId ?? null,
    requestId: own ? row.requestId : null,
    recount: recount && publicRecount(recountView(recount, view.node)),
    epochClosedAtMs: epoch && Number(epoch.closedAtMs),
    payableAtMs: epoch?.payableAtS ? Number(epoch.payableAtS) * 1_000 : null,
  }
}

/** Where the receipt with this struct hash stands; `not_found` when we hold none that is for the reader to see. */
export async function receiptPlace(
  { store }: Deps,
  { hash, reader }: { hash: string; reader: Reader },
): Promise<{ lane: string; seq: number }> {
  const place = await store.evidence.receiptPlace(hash)
  const lease = place?.isLease ? await store.evidence.leaseReceipt(place.lane, place.seq) : null
  if (!place || (place.isLease && (!lease || !mayRead(lease, reader)))) {
    throw new AppError('not_found', { publicMessage: 'No receipt with this hash is known here.' })
  }
  return { lane: place.lane, seq: Number(place.seq) }
}

export async function receiptViews(
  deps: Deps,
  receipts: readonly ReceiptRow[],
  epochs: EpochsByKey,
  nodes: ReadonlyMap<string, NodeRef>,
): Promise<ReceiptView[]> {
  const { store, chain } = deps
  const domain = { chainId: chain.chainId, verifyingContract: chain.channels }
  const terms = await termsViews(store, receipts.map(termsHashIn))
  const views: ReceiptView[] = []
  for (const row of receipts) {
    const epoch = epochOf(epochs, row)
    const delivery = epoch && (await placeInEpoch(store.evidence, 'DeliveryReceipt', row.delivery, epoch))
    const work = epoch && row.work !== null ? await placeInEpoch(store.evidence, 'WorkReceipt', row.work, epoch) : null
    const named = terms.get(termsHashIn(row)) ?? null
    views.push({
      lane: row.lane,
      seq: Number(row.seq),
      attempt: row.attempt,
      node: nodes.get(row.nodeId) ?? null,
      nodeId: row.nodeId,
      deliveryHash: row.deliveryHash,
      workHash: row.workHash,
      priceMicroUsd: row.priceMicroUsd,
      fault: faultNames[row.fault] ?? 'none',
      delivery: fieldsOf(row.delivery) ?? {},
      deliverySignature: row.deliverySignature,
      work: fieldsOf(row.work),
      workSignature: row.workSignature,
      checks: [
        ...checkReceipt(domain, row, named && { values: named.values ?? {}, document: named.document }),
        ...inclusionChecks(row, delivery, work),
      ],
      settlement: stageOf(epochs, row),
      epoch: row.epoch === null ? null : Number(row.epoch),
      anchoredTx: epoch?.anchoredTx ?? null,
      claimedTx: epoch?.claimedTx ?? null,
      settledTx: epoch?.settledTx ?? null,
      inclusion: delivery && delivery.inclusion,
      workInclusion: work && work.inclusion,
      terms: named,
    })
  }
  return views
}

export function receiptListItem(row: ReceiptListRow, nodes: ReadonlyMap<string, NodeRef>): ReceiptListItem {
  const fields = fieldsOf(row.delivery) ?? {}
  const count = (field: string) => Number(fields[field] ?? 0)
  return {
    seq: Number(row.seq),
    attempt: row.attempt,
    nodeId: row.nodeId,
    node: nodes.get(row.nodeId) ?? null,
    channelId: row.channelId,
    priceMicroUsd: row.priceMicroUsd,
    fault: faultNames[row.fault] ?? 'none',
    startedAtMs: Number(row.startedAtMs),
    tokensIn: count('billedIn'),
    tokensCached: count('billedCached'),
    tokensOut: count('billedOut'),
    ttftMs: count('attemptTtftMs'),
  }
}

function inclusionChecks(row: ReceiptRow, delivery: Place | null, work: Place | null): Check[] {
  return [
    inclusionCheck('inclusion', 'delivery', delivery),
    ...(row.work === null ? [] : [inclusionCheck('work_inclusion', 'work', work)]),
  ]
}

function inclusionCheck(name: Check['name'], which: string, place: Place | null): Check {
  if (!place) return { name, verdict: 'unverifiable', detail: 'Its epoch is still open: nothing is anchored yet.' }
  const { inclusion, missing } = place
  if (missing !== null) return { name, verdict: 'unverifiable', detail: missing }
  return isIncluded(inclusion)
    ? { name, verdict: 'valid', detail: `The ${which} receipt is in the Merkle root of its epoch.` }
    : { name, verdict: 'invalid', detail: `The ${which} receipt is not in the Merkle root of its epoch.` }
}

function termsHashIn(row: ReceiptRow): string {
  const hash = fieldsOf(row.delivery)?.termsHash
  return typeof hash === 'string' ? hash : ''
}

function fieldsOf(json: unknown): Record<string, string | number> | null {
  return typeof json === 'object' && json !== null ? (json as Record<string, string | number>) : null
}
