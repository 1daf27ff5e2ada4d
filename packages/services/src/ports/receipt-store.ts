/** What ingestion needs of the database. `db`'s repositories fit it. */
import type { LeaseReceiptRow } from './lease-store.ts'

export interface RequestRow {
  id: string
  idHash: string
  orgId: string
  keyId: string | null
  jobId: string | null
  channelId: string
  lane: string
  path: string
  model: string
  stream: boolean
  status: 'succeeded' | 'failed' | 'aborted'
  httpStatus: number
  errorCode: string | null
  errorMessage: string | null
  receivedAtMs: number
  finishedAtMs: number
  ttftMs: number | null
  tpotMs: number | null
  tokensIn: number
  tokensCached: number
  tokensOut: number
  priceMicroUsd: bigint
  nodeId: string | null
  attempts: unknown
  placement: unknown
}

export interface ReceiptRow {
  lane: string
  seq: bigint
  deliveryHash: string
  workHash: string | null
  requestId: string
  requestIdHash: string
  attempt: number
  nodeId: string
  channelId: string
  priceMicroUsd: bigint
  fault: number
  startedAtMs: bigint
  delivery: unknown
  deliverySignature: string
  work: unknown
  workSignature: string | null
}

export interface ClosedEpochRow {
  lane: string
  epoch: bigint
  root: string
  count: bigint
  sumMicroUsd: bigint
  dataHash: string
  fromSeq: bigint
  toSeq: bigint
  anchor: unknown
  anchorSignature: string
  closedAtMs: bigint
}

export interface VoucherRow {
  lane: string
  epoch: bigint
  channelId: string
  providerId: string
  cumulativeMicroUsd: bigint
  /** Σ price of the provider's receipts in the lane's epoch, as the voucher says. */
  earnedMicroUsd: bigint
  receiptRoot: string
  signature: string
}

/** Without its provider: that is the registry's word, looked up when it is stored. */
export interface SignedRecordRow {
  nodeId: string
  lane: string
  epoch: bigint
  version: number
  earnedMicroUsd: bigint
  attempts: number
  faults: number
  countsRoot: string
  record: unknown
  laneSignature: string
  nodeSignature: string | null
  nodeReason: string | null
}

export interface SlaCountsRow {
  nodeId: string
  lane: string
  epoch: bigint
  version: number
  channelId: string
  termsHash: string
  leaf: string
  counts: unknown
}

/** A receipt whose token counts were corrected. */
export interface RecountRow {
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

export interface JobEnd {
  status: 'succeeded' | 'failed' | 'cancelled'
  httpStatus: number | null
  answer: unknown
  error: string | null
  now: Date
}

export interface IngestRepositories {
  requests: {
    insertRequests(rows: readonly RequestRow[]): Promise<number>
    replaceUnsuccessful(row: RequestRow): Promise<void>
    sumPrices(requestIds: readonly string[]): Promise<void>
    /** The names of those that are new. */
    insertReceipts(rows: readonly ReceiptRow[]): Promise<Pick<ReceiptRow, 'lane' | 'seq'>[]>
    deliveryHashes(lane: string, seqs: readonly bigint[]): Promise<Map<bigint, string>>
    coverReceipts(lane: string, fromSeq: bigint, toSeq: bigint): Promise<void>
  }
  apiKeys: {
    /** Adds to what was billed through keys, by UTC day and lane. */
    addSpend(rows: readonly { keyId: string; dayMs: number; lane: string; microUsd: bigint }[]): Promise<void>
  }
  epochs: {
    insertClosed(epochs: readonly ClosedEpochRow[], vouchers: readonly VoucherRow[]): Promise<void>
    lastCoveredSeq(lane: string): Promise<bigint | null>
  }
  records: {
    insertSigned(
      records: readonly (SignedRecordRow & { providerId: string })[],
      counts: readonly SlaCountsRow[],
    ): Promise<void>
    /** Which provider each node belongs to; nodes that nobody knows are left out. */
    providersOfNodes(nodeIds: readonly string[]): Promise<Map<string, string>>
  }
  recounts: {
    insertRecounts(rows: readonly RecountRow[]): Promise<void>
  }
  leases: {
    insertLeaseReceipts(rows: readonly LeaseReceiptRow[]): Promise<number>
    leaseHashes(lane: string, seqs: readonly bigint[]): Promise<Map<bigint, string>>
    /** Of these ids, those that are leases. */
    knownLeases(ids: readonly string[]): Promise<Set<string>>
  }
  jobs: {
    finish(id: string, end: JobEnd): Promise<boolean>
  }
}

export interface IngestStore {
  transaction<T>(work: (tx: IngestRepositories) => Promise<T>): Promise<T>
}
