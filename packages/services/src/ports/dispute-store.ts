/** What disputes and the log of staff need of the database. `db`'s repositories fit it. */
import type { DisputeState } from '@isochrone/domain'
import type { TransactionLog } from './chain-port.ts'
import type { DisputeKind } from './dispute-port.ts'

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

export interface DisputesStore {
  dispute(id: bigint): Promise<DisputeRow | null>
  /** Nearest deadline first. */
  disputes(filter: {
    states: readonly DisputeState[] | null
    payer: { channelId: string | null; orgId: string } | null
    providerId: string | null
    limit: number
  }): Promise<DisputeRow[]>
  disputesAbout(subject: string): Promise<DisputeRow[]>
  openAgainst(channelId: string, states: readonly DisputeState[]): Promise<number>
  askedFor(orgId: string, disputeId: bigint): Promise<boolean>
  /** As the gateway noted them, unchecked. */
  attemptsOf(requestId: string): Promise<unknown>
  /** Delivery receipts of a node in an epoch, in order of their numbers. */
  deliveriesOf(lane: string, epoch: bigint, nodeId: string, limit: number): Promise<Record<string, string | number>[]>
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
  disputes: DisputesStore['disputes']
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
