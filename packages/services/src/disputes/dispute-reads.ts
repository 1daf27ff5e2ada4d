/** Cases of disputes: for the parties their own, for staff all. Another organisation's dispute is not there. */
import { AppError } from '@isochrone/domain'
import type { DisputeRow, DocumentRow, StoredDisputeEvent } from '../ports/dispute-store.ts'
import { leaseReceiptView } from '../queries/lease-receipts.ts'
import { nodeRefs } from '../queries/node-refs.ts'
import { receiptDetail } from '../queries/receipts.ts'
import type { LeaseReceiptDetail } from '../queries/views/leases.ts'
import type { ReceiptDetail } from '../queries/views/receipts.ts'
import { publicRecount, recountViews } from '../queries/recounts.ts'
import { recordDetail } from '../queries/records.ts'
import { computeLeaseOutcome } from './compute-lease-outcome.ts'
import { computeOutcome } from './compute-outcome.ts'
import { disputeAttempts } from './dispute-attempts.ts'
import { eventText, hashIn, type EventBody } from './event-text.ts'
import type { DisputeDeps } from './place-order.ts'
import { providerNames } from './provider-names.ts'
import { pathsAround, recordEvidence } from './record-evidence.ts'
import {
  disputeView,
  documentView,
  fileTryView,
  type DisputeCase,
  type DisputeEventView,
  type DisputeRoles,
  type PanelView,
} from './views.ts'
import type { RecordKey } from './record-key.ts'

export interface Asker {
  orgId: string
  providerId: string | null
}

export async function disputeDetail(
  deps: DisputeDeps,
  input: Asker & { id: string },
): Promise<DisputeCase & DisputeRoles> {
  const { row, ...roles } = await partiesOf(deps, input)
  const own = roles.isPayer ? null : input.providerId
  return { ...(await caseOf(deps, row, { orgId: input.orgId, ownNodesOf: own })), ...roles }
}

export async function disputeCase(deps: DisputeDeps, { id }: { id: string }): Promise<DisputeCase> {
  return caseOf(deps, await disputeRow(deps, id), { orgId: null, ownNodesOf: null })
}

/** @throws AppError `not_found` when the organisation has no part in it. */
export async function partiesOf(
  deps: DisputeDeps,
  { orgId, providerId, id }: Asker & { id: string },
): Promise<{ row: DisputeRow } & DisputeRoles> {
  const row = await disputeRow(deps, id)
  const channel = await deps.store.funding.channelOfOrg(orgId)
  const isPayer = channel?.id === row.channelId || (await deps.store.disputes.askedFor(orgId, row.id))
  const isProvider = providerId !== null && providerId === row.providerId
  if (!isPayer && !isProvider) throw unknown()
  return { row, isPayer, isProvider }
}

async function disputeRow({ store }: DisputeDeps, id: string): Promise<DisputeRow> {
  const row = /^\d{1,18}$/.test(id) ? await store.disputes.dispute(BigInt(id)) : null
  if (!row) throw unknown()
  return row
}

function unknown(): AppError {
  return new AppError('not_found', { publicMessage: 'There is no such dispute here.' })
}

interface CaseReader {
  /** Of who reads it; null for staff, who are told which request it was and not what it said. */
  orgId: string | null
  /** A provider alone is told of attempts at its own nodes: what became of the others is their providers' business. */
  ownNodesOf: string | null
}

async function caseOf(deps: DisputeDeps, row: DisputeRow, { orgId, ownNodesOf }: CaseReader): Promise<DisputeCase> {
  const { store } = deps
  const place = await store.evidence.receiptPlace(row.subject)
  const lease = place?.isLease ? await leaseOf(deps, row, place.seq, orgId) : null
  const seq = place && !place.isLease && place.lane === row.lane ? Number(place.seq) : null
  const receipt = seq === null ? null : await receiptDetail(deps, { lane: row.lane, seq, orgId })
  const stored = await store.disputes.disputeEvents(row.id)
  const documents = new Map(
    (await store.disputes.documents(stored.flatMap(({ body }) => hashIn(body as EventBody) ?? []))).map((each) => [
      each.hash,
      each,
    ]),
  )
  const requestId = seq === null ? null : ((await store.evidence.receipt(row.lane, BigInt(seq)))?.requestId ?? null)
  const attempts = requestId === null ? [] : await disputeAttempts(store, requestId, ownNodesOf)
  const nodes = await nodeRefs(store.providers, [receipt?.nodeId ?? null, ...attempts.map(({ nodeId }) => nodeId)])
  const recounts =
    requestId === null || seq === null
      ? []
      : (await recountViews(deps, { requestId, limit: 64 })).filter((each) => each.seq === seq).map(publicRecount)
  const view = disputeView(row, await providerNames(deps, [row]))
  const fileTries = row.kind === 'withheld' ? await store.disputes.fileTriesOf(row.id, row.lane, row.epoch) : []
  const seen = receipt ? deliveredTo(receipt) : lease && leasedFrom(lease)
  return {
    dispute: view,
    events: stored.map((event) => eventView(event, documents)),
    panels: panelsOf(stored),
    receipt,
    lease,
    node: lease ? lease.node : receipt ? (nodes.get(receipt.nodeId) ?? null) : null,
    attempts: attempts.map((each) => ({ ...each, nodeName: nodes.get(each.nodeId)?.name ?? null })),
    recounts,
    paths: seen ? await pathsAround(deps, seen.nodeId, [seen.atMs]) : [],
    record: receipt ? await recordOf(deps, row, receipt.nodeId) : null,
    evidence: receipt ? await recordEvidence(deps, keyOf(row, receipt.nodeId), { readsLeases: orgId === null }) : null,
    outcome: lease ? computeLeaseOutcome(view, lease) : computeOutcome(view, receipt, recounts[0] ?? null, fileTries),
    fileTries: fileTries.map(fileTryView),
  }
}

interface SeenNode {
  nodeId: string
  atMs: number
}
const deliveredTo = ({ nodeId, delivery }: ReceiptDetail): SeenNode => ({
  nodeId,
  atMs: Number(delivery.startedAtMs),
})
const leasedFrom = ({ nodeId, fromMs }: LeaseReceiptDetail): SeenNode => ({ nodeId, atMs: fromMs })

/** To whoever may read the dispute, its receipt is there too. */
async function leaseOf(deps: DisputeDeps, { lane }: DisputeRow, seq: bigint, orgId: string | null) {
  const row = await deps.store.evidence.leaseReceipt(lane, seq)
  return row && leaseReceiptView(deps, row, { orgId })
}

const keyOf = ({ lane, epoch }: DisputeRow, nodeId: string): RecordKey => ({ lane, epoch: Number(epoch), nodeId })

async function recordOf(deps: DisputeDeps, row: DisputeRow, nodeId: string) {
  return recordDetail(deps, keyOf(row, nodeId)).catch((error: unknown) => {
    if (error instanceof AppError && error.code === 'not_found') return null
    throw error
  })
}

function eventView(event: StoredDisputeEvent, documents: ReadonlyMap<string, DocumentRow>): DisputeEventView {
  const body = event.body as EventBody
  const hash = hashIn(body)
  const document = hash === null ? undefined : documents.get(hash)
  const { step, txHash } = event
  return {
    step,
    txHash,
    atMs: Number(event.atMs),
    text: eventText(step, body),
    hash,
    document: document ? documentView(document) : null,
  }
}

/** The panel that ruled first, then that of the appeal, each with its votes. */
function panelsOf(events: readonly StoredDisputeEvent[]): PanelView[] {
  const panels: PanelView[] = []
  for (const { step, body } of events) {
    const { panel, appeal, arbiter, refund, reasonHash } = body as EventBody
    if (step === 'drawn' && Array.isArray(panel)) {
      panels.push({ appeal: appeal === true, arbiters: panel.map((address) => ({ address, vote: null })) })
    }
    const seat = step === 'voted' ? panels.at(-1)?.arbiters.find(({ address }) => address === arbiter) : undefined
    if (seat) seat.vote = { refundMicroUsd: BigInt(String(refund)), reasonHash: String(reasonHash) }
  }
  return panels
}
