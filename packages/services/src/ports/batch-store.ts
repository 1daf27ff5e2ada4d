/** What files and batches need of the database, and of the queues. `db`'s repositories fit it. */
import type { BatchLineError, BatchStatus } from '@isochrone/domain'
import type { QueuedJobRow } from './job-store.ts'

export interface StoredFileRow {
  id: string
  orgId: string
  purpose: string
  filename: string
  bytes: number
  sha256: string | null
  createdAt: Date
  expiresAt: Date
}

export interface AfterRow {
  at: Date
  id: string
}

export interface FileRows {
  begin(row: Omit<StoredFileRow, 'bytes' | 'sha256'>): Promise<void>
  writeChunk(fileId: string, index: number, data: Uint8Array): Promise<void>
  finish(id: string, end: { bytes: number; sha256: string; chunks: number }): Promise<void>
  expireAt(id: string, expiresAt: Date): Promise<void>
  get(id: string, orgId: string, now: Date): Promise<StoredFileRow | null>
  list(filter: {
    orgId: string
    purpose: string | null
    after: AfterRow | null
    newestFirst: boolean
    limit: number
    now: Date
  }): Promise<StoredFileRow[]>
  usage(orgId: string): Promise<{ files: number; bytes: number }>
  chunk(fileId: string, index: number): Promise<Uint8Array | null>
  remove(id: string, orgId: string): Promise<boolean>
  removeDue(now: Date, unfinishedBefore: Date): Promise<number>
}

export interface BatchRow {
  id: string
  orgId: string
  keyId: string | null
  endpoint: string
  inputFileId: string
  metadata: unknown
  status: BatchStatus
  endAs: BatchStatus | null
  idempotencyKey: string | null
  fingerprint: string | null
  model: string | null
  total: number
  linesQueued: number
  nextByte: number
  nextLine: number
  completed: number
  failed: number
  errors: unknown
  outOfMoneyAt: Date | null
  outputFileId: string | null
  errorFileId: string | null
  outputExpiresAfterS: number | null
  createdAt: Date
  expiresAt: Date
  inProgressAt: Date | null
  finalizingAt: Date | null
  cancellingAt: Date | null
  endedAt: Date | null
}

export interface NewBatchRow {
  id: string
  orgId: string
  keyId: string | null
  endpoint: string
  inputFileId: string
  metadata: Record<string, string> | null
  idempotencyKey: string | null
  fingerprint: string | null
  outputExpiresAfterS: number | null
  createdAt: Date
  expiresAt: Date
}

export interface NewBatchJobRow {
  id: string
  requestId: string
  batchLine: number
  customId: string
  path: string
  model: string
  body: Record<string, unknown>
  attemptsMax: number
}

export type BatchJobRow = QueuedJobRow & { batchLine: number | null; customId: string | null }
export type BatchEndStatus = 'completed' | 'expired' | 'cancelled' | 'failed'
export interface BatchLineCounts {
  open: number
  completed: number
  failed: number
  /** Of `failed`: those that were cancelled. */
  cancelled: number
}
export interface BatchTotals {
  costMicroUsd: bigint
  tokensIn: number
  tokensCached: number
  tokensOut: number
}

export interface BatchRows {
  insert(batch: NewBatchRow): Promise<BatchRow>
  /** Whoever else asks waits until this transaction ends. */
  lockOrganisation(orgId: string): Promise<void>
  get(id: string, orgId?: string): Promise<BatchRow | null>
  byIdempotencyKey(orgId: string, idempotencyKey: string): Promise<BatchRow | null>
  list(orgId: string, page: { after: AfterRow | null; limit: number }): Promise<BatchRow[]>
  openCount(orgId: string): Promise<number>
  openIds(limit: number): Promise<string[]>
  isRead(inputFileId: string): Promise<boolean>
  move(
    id: string,
    from: readonly BatchStatus[],
    to: {
      status: BatchStatus
      endAs?: BatchEndStatus
      total?: number
      model?: string | null
      inProgressAt?: Date
      finalizingAt?: Date
      cancellingAt?: Date
      errors?: readonly BatchLineError[]
    },
  ): Promise<boolean>
  feed(
    batch: Pick<BatchRow, 'id' | 'orgId' | 'keyId' | 'expiresAt'>,
    from: { linesQueued: number },
    to: { linesQueued: number; nextByte: number; nextLine: number },
    jobs: readonly NewBatchJobRow[],
  ): Promise<boolean>
  counts(batchIds: readonly string[]): Promise<Map<string, BatchLineCounts>>
  failedWith(batchId: string, httpStatus: number): Promise<number>
  /** Ends all of its lines that nobody has begun, in one step. */
  cancelQueued(batchId: string, end: { error: string; now: Date }): Promise<number>
  openJobIds(batchId: string | null, limit?: number): Promise<string[]>
  jobsFrom(batchId: string, line: number, limit: number): Promise<BatchJobRow[]>
  totals(batchIds: readonly string[]): Promise<Map<string, BatchTotals>>
  outOfMoney(id: string, now: Date): Promise<void>
  end(
    id: string,
    end: {
      status: BatchEndStatus
      from: BatchStatus
      outputFileId: string | null
      errorFileId: string | null
      completed: number
      failed: number
      now: Date
      errors?: readonly BatchLineError[]
    },
  ): Promise<boolean>
}

/** Repositories in one transaction. */
export interface BatchTransactions {
  transaction<T>(work: (tx: { batches: BatchRows; files: FileRows }) => Promise<T>): Promise<T>
}

/** When to look at a batch; what it is stands in its row. Adding one that is there already changes nothing. */
export interface BatchQueue {
  addAll(batchIds: readonly string[]): Promise<void>
}
