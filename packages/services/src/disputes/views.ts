/** What people see of disputes. Money is bigint µUSD, times are ms since the Unix epoch. */
import type { DisputeKind, DisputeState } from '@isochrone/domain'
import type { StructJson } from '@isochrone/protocol'
import type { ChainCall } from '../ports/dispute-port.ts'
import type {
  DisputeOrderRow,
  DisputeRow,
  DocumentRow,
  FileTryRow,
  StoredDisputeEvent,
} from '../ports/dispute-store.ts'
import type { FileTry } from '../ports/trust-port.ts'
import type { LeaseReceiptDetail } from '../queries/views/leases.ts'
import type { PublicRecount } from '../queries/views/recounts.ts'
import type { WitnessRtt } from '../queries/views/offers.ts'
import type { RecordDetail, RecordSummary } from '../queries/views/records.ts'
import type { AttemptView } from '../queries/views/requests.ts'
import type { ReceiptDetail } from '../queries/views/receipts.ts'
import type { NodeRef } from '../queries/views/node-ref.ts'

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

/** `requested` → `sent` → `final`, or `failed` with a sentence. */
export type OrderStatus = 'requested' | 'sent' | 'final' | 'failed'

export interface DisputeOrderView {
  id: string
  action: string
  subject: string
  disputeId: string | null
  status: OrderStatus
  txHash: string | null
  error: string | null
  createdAtMs: number
}

export interface PanelView {
  appeal: boolean
  arbiters: { address: string; vote: { refundMicroUsd: bigint; reasonHash: string } | null }[]
}

export interface RecordVoteView {
  arbiter: string
  /** True: the record is wrong, says this arbiter. */
  upheld: boolean
  reasonHash: string
  /** Null where it was not handed in here. */
  reason: string | null
  txHash: string
}

/** The receipts of a node's epoch, by which its record can be evaluated again. */
export interface RecordEvidenceView {
  /** `DeliveryReceipt`s by field, in order of their numbers; at most 2,001, of which the last says that there are more. */
  deliveries: StructJson[]
  /** `WorkReceipt`s of those attempts for which the node signed. */
  works: StructJson[]
  leases: StructJson[]
  /** `Terms` by hash. */
  terms: Record<string, StructJson>
  /** Why these may not be all of the epoch, in words that follow a colon; null where they give the anchored root. */
  missing: string | null
}

/** A performance record that somebody says is wrong, and how its panel stands. */
export interface RecordChallengeView {
  record: RecordDetail
  /** Null while nobody challenges it. */
  open: {
    challenger: string
    bondMicroUsd: bigint
    rulingEndsAtMs: number
    evidenceHash: string
    /** Null where it was not handed in here. */
    evidence: string | null
    /** Empty before the draw. */
    panel: { address: string; vote: RecordVoteView | null }[]
  } | null
  /** On all challenges that it ever had, oldest first. */
  votes: RecordVoteView[]
}

/** The same with what can be known of it, for the desk. */
export interface RecordCaseView extends RecordChallengeView {
  evidence: RecordEvidenceView
  /** What witnesses measured of the way to the node before, in and after its work in that epoch. */
  paths: WitnessedPath[]
  epochClosedAtMs: number
}

/** A case in the desk's queue. */
export type DeskItem =
  | { kind: 'dispute'; id: string; dispute: DisputeView }
  | {
      kind: 'record'
      id: string
      record: RecordSummary
      /** Null until the worker has read its challenge. */
      bondMicroUsd: bigint | null
      /** The pay that it releases, and the bond. */
      stakeMicroUsd: bigint
      /** Until when its panel can judge; null as the bond. */
      deadlineMs: number | null
    }

/** Over all that is open, both kinds. */
export interface DeskFigures {
  open: number
  /** Waiting for arbiters. */
  ruling: number
  /** What the rulings decide about: amounts, pay and bonds. */
  stakeMicroUsd: bigint
  nextDeadlineMs: number | null
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
  recounts: PublicRecount[]
  record: RecordDetail | null
  /** What witnesses measured of the way to the node, last before the request or lease and first after it. */
  paths: WitnessedPath[]
  /** The node's receipts in that epoch, for whoever evaluates its promises again; null without a receipt. */
  evidence: RecordEvidenceView | null
  outcome: ComputedOutcome
  /** Of a withheld file: what came of asking for it, oldest first. */
  fileTries: FileTryView[]
}

/** One address asked for a file, in one step of the dispute. */
export interface FileTryView {
  atMs: number
  step: DisputeState
  source: string
  by: FileTry['by']
  /** Null where nothing answered. */
  httpStatus: number | null
  bytes: number | null
  fileHash: string | null
  /** Whether it is the anchored file. */
  isTheFile: boolean
  said: string | null
}

/** One check of where a node stands, with the round trips that witnesses signed for it. */
export interface WitnessedPath {
  atMs: number
  verdict: 'valid' | 'invalid' | 'unverifiable'
  finding: string
  rtts: WitnessRtt[]
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
  return {
    id,
    action,
    subject,
    disputeId,
    status: status as OrderStatus,
    txHash,
    error,
    createdAtMs: row.createdAt.getTime(),
  }
}

export function documentView({ hash, role, mediaType, body, createdAt }: DocumentRow): DisputeDocumentView {
  return { hash, role, mediaType, text: body, createdAtMs: createdAt.getTime() }
}

export function fileTryView(row: FileTryRow): FileTryView {
  const { triedAt, step, source, httpStatus, bytes, fileHash, dataHash, said } = row
  return {
    atMs: triedAt.getTime(),
    step,
    source,
    by: row.by as FileTry['by'],
    httpStatus,
    bytes: bytes === null ? null : Number(bytes),
    fileHash,
    isTheFile: fileHash !== null && fileHash === dataHash,
    said,
  }
}

export type { StoredDisputeEvent }
