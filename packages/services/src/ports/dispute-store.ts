/** What disputes and the log of staff need of the database. `db`'s repositories fit it. */
import type { DisputeKind, DisputeState } from '@isochrone/domain'
import type { StructJson } from '@isochrone/protocol'
import type { TransactionLog } from './chain-port.ts'
import type { RecordRow } from './evidence-readings.ts'
import type { FileTry } from './trust-port.ts'

export interface DisputeRow {
  id: bigint
  state: DisputeState
  kind: DisputeKind
  filer: string
  subject: string
  channelId: string
  providerId: string
  lane: string
  epoch: bigint
  amountMicroUsd: bigint
  priceMicroUsd: bigint
  bondMicroUsd: bigint
  frozenMicroUsd: bigint
  lockedMicroUsd: bigint
  refundMicroUsd: bigint
  appellant: string | null
  appealBondMicroUsd: bigint
  appealRefundMicroUsd: bigint
  /** Chain time, s. */
  deadlineS: bigint
  filedAtMs: bigint
}

export interface StoredDisputeEvent {
  txHash: string
  step: string
  body: unknown
  atMs: bigint
}

export interface DocumentRow {
  hash: string
  role: string
  mediaType: string
  body: string
  orgId: string | null
  userId: string
  createdAt: Date
}

export interface DisputeOrderRow {
  id: string
  orgId: string
  action: string
  subject: string
  disputeId: bigint | null
  account: string
  payload: unknown
  status: string
  txHash: string | null
  error: string | null
  createdAt: Date
}

/** One address asked for a file that is said to be withheld, in one step of the dispute. */
export interface FileTryRow extends Omit<FileTry, 'triedAtMs' | 'by'> {
  disputeId: bigint
  lane: string
  epoch: bigint
  step: DisputeState
  by: string
  triedAt: Date
  /** As anchored; null where it was not. */
  dataHash: string | null
}

/** A case's place in the desk's queue. */
export interface QueuePlace {
  kind: 'dispute' | 'record'
  /** Of a dispute its number; of a record `nodeId:lane:epoch:version`. */
  id: string
  deadlineS: bigint
  /** What the ruling decides about. */
  stakeMicroUsd: bigint
}

/** A payer: disputes about its channel, and those that it asked for. */
export type DisputeParty = { channelId: string | null; orgId: string } | { providerId: string }

export interface PartyPlace {
  id: bigint
  isOpen: boolean
  deadlineS: bigint
  amountMicroUsd: bigint
}

export interface DisputesStore {
  dispute(id: bigint): Promise<DisputeRow | null>
  /** Who gains or loses by a dispute. Addresses in lower case: owners, payouts, and wallets of the people. */
  partiesOf(
    dispute: Pick<DisputeRow, 'id' | 'channelId' | 'providerId'>,
  ): Promise<{ userIds: string[]; addresses: string[] }>
  /** The same for the challenge of a record; `challenger` null where the platform's own account stands for somebody. */
  partiesOfRecord(challenge: {
    providerId: string
    /** What orders to challenge it have as their subject. */
    subject: string
    challenger: string | null
  }): Promise<{ userIds: string[]; addresses: string[] }>
  /** Nearest deadline first. */
  disputesIn(states: readonly DisputeState[], limit: number): Promise<DisputeRow[]>
  /** Of one party: what is open by its deadline, then what is closed with the latest on top. */
  partyPlaces(filter: {
    party: DisputeParty
    openStates: readonly DisputeState[]
    /** null: all. */
    states: readonly DisputeState[] | null
    after: PartyPlace | null
    limit: number
  }): Promise<PartyPlace[]>
  disputesAbout(subject: string): Promise<DisputeRow[]>
  openAgainst(channelId: string, states: readonly DisputeState[]): Promise<number>
  /** Of a provider's nodes, those that wait for a panel. */
  challengedRecords(providerId: string): Promise<number>
  askedFor(orgId: string, disputeId: bigint): Promise<boolean>
  /** As the gateway noted them, unchecked. */
  attemptsOf(requestId: string): Promise<unknown>
  /** What gateway and node signed of a node's attempts in an epoch, in order of their numbers. */
  receiptsOfNode(
    lane: string,
    epoch: bigint,
    nodeId: string,
    limit: number,
  ): Promise<{ delivery: StructJson; work: StructJson | null }[]>
  /** The same for spans of leases, which both signed alike. */
  leaseReceiptsOfNode(lane: string, epoch: bigint, nodeId: string, limit: number): Promise<StructJson[]>
  disputesByIds(ids: readonly bigint[]): Promise<DisputeRow[]>
  recordsByKeys(keys: readonly { nodeId: string; lane: string; epoch: bigint; version: number }[]): Promise<RecordRow[]>
  /** Disputes and challenged records in one order. Open ones: nearest deadline first; all: latest first. Of equals the dearest. */
  deskPlaces(filter: {
    openStates: readonly DisputeState[]
    open: boolean
    after: QueuePlace | null
    limit: number
  }): Promise<QueuePlace[]>
  /** Of all that is open. `ruling`: what waits for arbiters. */
  deskFigures(
    openStates: readonly DisputeState[],
  ): Promise<{ open: number; ruling: number; stakeMicroUsd: bigint; nextDeadlineS: bigint | null }>
  /** Of that dispute about that file, oldest first. */
  fileTriesOf(disputeId: bigint, lane: string, epoch: bigint): Promise<FileTryRow[]>
  disputeEvents(disputeId: bigint): Promise<StoredDisputeEvent[]>
  saveDocument(row: Omit<DocumentRow, 'createdAt'>): Promise<void>
  documents(hashes: readonly string[]): Promise<DocumentRow[]>
  placeOrder(row: {
    id: string
    orgId: string
    requestedBy: string
    action: string
    subject: string
    disputeId: bigint | null
    account: string
    payload: object
  }): Promise<DisputeOrderRow | null>
  ordersOf(orgId: string, limit: number): Promise<DisputeOrderRow[]>
  openOrderCount(orgId: string): Promise<number>
}

/** The worker's part. */
export interface DisputeWork {
  marked(limit: number): Promise<bigint[]>
  saveDispute(id: bigint, values: Omit<DisputeRow, 'id' | 'filedAtMs'> | null): Promise<void>
  disputesIn: DisputesStore['disputesIn']
  openDisputeOrders(limit: number): Promise<DisputeOrderRow[]>
  updateDisputeOrder(
    id: string,
    data: { status: string; txHash?: string | null; error?: string | null; disputeId?: bigint },
  ): Promise<void>
}

export interface DisputeWorkDeps {
  disputes: DisputeWork
  transactions: TransactionLog
}

export interface AuditRow {
  id: bigint
  at: Date
  userId: string
  email: string
  action: string
  subject: string
  outcome: string
  detail: unknown
}

/** Rows are added and read; the database refuses anything else. */
export interface AuditStore {
  append(row: Omit<AuditRow, 'id' | 'at' | 'detail'> & { detail: object }): Promise<void>
  /** Newest first. */
  rows(filter: {
    action: string | null
    who: string | null
    subject: string | null
    outcome: 'done' | 'asked' | 'refused' | null
    beforeId: bigint | null
    limit: number
  }): Promise<AuditRow[]>
}
