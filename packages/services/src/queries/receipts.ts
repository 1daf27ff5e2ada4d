/** Receipts as pages show them: checked, with the Merkle proofs of their places in the anchored epoch. */
import { AppError, formatUsd } from '@isochrone/domain'
import {
  decodeStruct,
  fault,
  leafOfHash,
  structHash,
  verifyMerkleProof,
  type Hex,
  type ReceiptKind,
} from '@isochrone/protocol'
import type { ControlPlaneDeps } from '../ports/control-plane-deps.ts'
import type { ReceiptListRow } from '../ports/evidence-readings.ts'
import type { EpochRow, ReceiptRow } from '../ports/rows.ts'
import { checkReceipt } from './check-receipt.ts'
import { epochTree } from './epoch-tree.ts'
import { nodeRefs } from './node-refs.ts'
import { recountView } from './recounts.ts'
import { epochOf, epochsOf, stageOf, type EpochsByKey } from './settlement.ts'
import { termsViews } from './terms-views.ts'
import type { Check } from './views/common.ts'
import type { ReceiptDetail, ReceiptListItem } from './views/receipts.ts'
import type { RecountView } from './views/recounts.ts'
import type { InclusionView, NodeRef, ReceiptView } from './views/requests.ts'

type Deps = Pick<ControlPlaneDeps, 'store' | 'chain'>

const faultNames = ['none', 'provider', 'client', 'gateway', 'capacity'] as const satisfies (keyof typeof fault)[]

/** One receipt by its place in a lane. `orgId`: of who asks; the request's id is told to its payer alone. */
export async function receiptDetail(
  deps: Deps,
  { lane, seq, orgId }: { lane: string; seq: number; orgId: string | null },
): Promise<ReceiptDetail> {
  const { store } = deps
  const row = await store.evidence.receipt(lane, BigInt(seq))
  if (!row) throw new AppError('not_found', { publicMessage: await whatElse(deps, lane, seq) })
  const epochs = await epochsOf(store.readings, [row])
  const [view] = await receiptViews(deps, [row], epochs, await nodeRefs(store.providers, [row.nodeId]))
  if (!view) throw new AppError('internal', { publicMessage: 'The receipt could not be shown.' })
  const epoch = epochOf(epochs, row)
  const recount = await store.recounts.recountOf(lane, row.seq)
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

/** A lane numbers lease receipts with the others; they are shown with their lease. */
async function whatElse({ store }: Deps, lane: string, seq: number): Promise<string> {
  const lease = await store.evidence.leaseReceipt(lane, BigInt(seq))
  if (!lease) return 'This lane has signed no receipt of that number.'
  const [from, to] = [lease.fromMs, lease.toMs].map((ms) => new Date(Number(ms)).toISOString())
  const file =
    lease.epoch === null ? 'in the file of its epoch, once that is closed' : `in the file of epoch ${lease.epoch}`
  return `That number is a lease receipt’s: ${formatUsd(lease.priceMicroUsd)} for GPU time from ${from} to ${to}. It is shown on the page of its lease, and is ${file}.`
}

function publicRecount({ requestId: _requestId, ...recount }: RecountView): Omit<RecountView, 'requestId'> {
  return recount
}

/** Where the receipt with this struct hash stands; `not_found` when we hold none. */
export async function receiptPlace(
  { store }: Deps,
  { hash }: { hash: string },
): Promise<{ lane: string; seq: number }> {
  const place = await store.evidence.receiptPlace(hash)
  if (!place) throw new AppError('not_found', { publicMessage: 'No receipt with this hash is known here.' })
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
    const delivery = epoch && (await placeOf(deps, 'DeliveryReceipt', row.delivery, epoch))
    const work = epoch && row.work !== null ? await placeOf(deps, 'WorkReceipt', row.work, epoch) : null
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

/** From the receipt itself, so that a changed row cannot borrow another's place in the tree. */
async function placeOf(
  { store }: Deps,
  kind: ReceiptKind & ('DeliveryReceipt' | 'WorkReceipt'),
  json: unknown,
  epoch: EpochRow,
): Promise<Place> {
  const place = { root: epoch.root, leaves: Number(epoch.count) }
  const leaf = leafOf(kind, json)
  if (leaf === null) {
    return { inclusion: { ...place, leaf: '', proof: null }, missing: 'The receipt is malformed: it has no leaf.' }
  }
  const built = await epochTree(store.evidence, epoch)
  const inclusion = { ...place, leaf, proof: built.tree && built.tree.proofOf(leaf) }
  return { inclusion, missing: built.tree === null ? built.missing : null }
}

/** `missing`: why there is no tree to look in; null where there was one. */
interface Place {
  inclusion: InclusionView
  missing: string | null
}

function leafOf(kind: 'DeliveryReceipt' | 'WorkReceipt', json: unknown): Hex | null {
  try {
    return leafOfHash(kind, structHash(kind, decodeStruct(kind, json)))
  } catch {
    return null
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
  return inclusion.proof !== null &&
    verifyMerkleProof(inclusion.root as Hex, inclusion.leaf as Hex, inclusion.proof as Hex[])
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
