/** What people see of disputes. Money is bigint µUSD, times are ms since the Unix epoch. */
import type { DisputeState } from '@isochrone/domain'
import type { ChainCall, DisputeKind } from '../ports/dispute-port.ts'
import type { DisputeOrderRow, DisputeRow, DocumentRow, StoredDisputeEvent } from '../ports/dispute-store.ts'
import type { LeaseReceiptDetail } from '../queries/views/leases.ts'
import type { RecountView } from '../queries/views/recounts.ts'
import type { RecordDetail } from '../queries/views/records.ts'
import type { AttemptView, NodeRef } from '../queries/views/requests.ts'
import type { ReceiptDetail } from '../queries/views/receipts.ts'

export interface DisputeView {
  /** The contract's number. */
  id: string
  state: DisputeState
  kind: DisputeKind
  filer: string
  subject: string
  channelId: string
  providerId: string
  providerName: string | null
  lane: string
  epoch: number
  amountMicroUsd: bigint
  priceMicroUsd: bigint
  bondMicroUsd: bigint
  /** Held of the provider: pending, and stake. */
  frozenMicroUsd: bigint
  lockedMicroUsd: bigint
  refundMicroUsd: bigint
  appellant: string | null
  appealBondMicroUsd: bigint
  appealRefundMicroUsd: bigint
  /** Of the step that is open. */
  deadlineMs: number
  filedAtMs: number
  /** Amount and bonds: what the ruling decides about. */
  stakeMicroUsd: bigint
}

export interface DisputeEventView {
  step: string
  atMs: number
  txHash: string
  /** In words, without the time. */
  text: string
  /** Of what was handed in with it; null where nothing was, or the text is not here. */
  document: DisputeDocumentView | null
  hash: string | null
}

export interface DisputeDocumentView {
  hash: string
  role: string
  mediaType: string
  text: string
  createdAtMs: number
}

export interface DisputeOrderView {
  id: string
  action: string
  subject: string
  disputeId: string | null
  status: string
  txHash: string | null
  error: string | null
  createdAtMs: number
}

export interface PanelView {
  appeal: boolean
  arbiters: { address: string; vote: { refundMicroUsd: bigint; reasonHash: string } | null }[]
}

export interface ComputedLine {
  label: string
  value: string
}

/** What the documents at hand say about the claim, by rule; a proposal, not a ruling. */
export interface ComputedOutcome {
  verdict: 'upheld' | 'unfounded' | 'undecidable'
  rule: string
  reason: string
  inputs: ComputedLine[]
  /** Null where nothing can be computed. */
  refundMicroUsd: bigint | null
}

/** What a witness measured of the node around the time. */
export interface WitnessLine {
  atMs: number
  text: string
}

export interface DisputeCase {
  dispute: DisputeView
  events: DisputeEventView[]
  panels: PanelView[]
  /** Null for a withheld file, for a lease, and where we hold no such receipt. */
  receipt: ReceiptDetail | null
  /** Where the dispute is about a span of a lease. */
  lease: LeaseReceiptDetail | null
  node: NodeRef | null
  attempts: AttemptView[]
  recounts: RecountView[]
  record: RecordDetail | null
  /** Delivery receipts of the node in that epoch, for whoever evaluates its promises again; at most 2,000. */
  deliveries: Record<string, string | number>[]
  outcome: ComputedOutcome
}

/** What the asking organisation may do, and why not. */
export interface DisputeRoles {
  isPayer: boolean
  isProvider: boolean
}

export interface FilingTerms {
  /** What the receipt bills. */
  about: 'request' | 'lease'
  bondMicroUsd: bigint
  leftMicroUsd: bigint
  /** Why it cannot be disputed; null where it can. */
  refusal: string | null
  /** Until when, ms; null before the anchor. */
  untilMs: number | null
  /** Whose account files. */
  by: 'platform' | 'wallet'
  /** Disputes about the same receipt, newest first. */
  earlier: DisputeView[]
}

export interface PreparedStep {
  reasonHash: string
  calls: ChainCall[]
}

export function disputeView(row: DisputeRow, providers: ReadonlyMap<string, string>): DisputeView {
  const { id, epoch, deadlineS, filedAtMs, ...rest } = row
  return {
    ...rest,
    id: String(id),
    epoch: Number(epoch),
    providerName: providers.get(row.providerId) ?? null,
    deadlineMs: Number(deadlineS) * 1_000,
    filedAtMs: Number(filedAtMs),
    stakeMicroUsd: row.amountMicroUsd + row.bondMicroUsd + row.appealBondMicroUsd,
  }
}

export function orderView(row: DisputeOrderRow): DisputeOrderView {
  const { id, action, subject, status, txHash, error } = row
  const disputeId = row.disputeId === null ? null : String(row.disputeId)
  return { id, action, subject, disputeId, status, txHash, error, createdAtMs: row.createdAt.getTime() }
}

export function documentView({ hash, role, mediaType, body, createdAt }: DocumentRow): DisputeDocumentView {
  return { hash, role, mediaType, text: body, createdAtMs: createdAt.getTime() }
}

export type { StoredDisputeEvent }
