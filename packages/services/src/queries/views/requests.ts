/** What a team sees of its requests, receipts and queued jobs. */
import type { JobStatus } from '@isochrone/domain'
import type { JobTry } from '../../jobs/placement-memory.ts'
import type { JobKind } from '../../ports/job-store.ts'
import type { Check, SettlementStage } from './common.ts'
import type { RecountView } from './recounts.ts'
import type { NodeRef } from './node-ref.ts'

export interface RequestSummary {
  /** `req_…` */
  id: string
  jobId: string | null
  path: string
  model: string
  stream: boolean
  status: 'succeeded' | 'failed' | 'aborted'
  httpStatus: number
  errorCode: string | null
  receivedAtMs: number
  finishedAtMs: number
  ttftMs: number | null
  tpotMs: number | null
  tokensIn: number
  tokensCached: number
  tokensOut: number
  priceMicroUsd: bigint
  node: NodeRef | null
  settlement: SettlementStage
}

export interface AttemptView {
  attempt: number
  nodeId: string
  nodeName: string | null
  outcome: string
  ttftMs: number | null
  durationMs: number
  message: string | null
  /** Its node declined it: prompt tokens that waited there, and how many might at most. Absent where it did not. */
  declined?: { promptsAhead: number; aheadMax: number } | undefined
}

/** A Merkle proof of one receipt in its lane's epoch. Null proof: not to be built here, see the epoch file. */
export interface InclusionView {
  leaf: string
  root: string
  /** Siblings from the leaf up. */
  proof: string[] | null
  /** Leaves under the root. */
  leaves: number
}

/** The terms that a receipt names: prices and promises as hashed, and the document that they bind. */
export interface TermsView {
  hash: string
  providerId: string
  /** `Terms` by field; null for terms from before prices were signed. */
  values: Record<string, string | number> | null
  document: unknown
  /** Null until they are on the chain. */
  registeredTx: string | null
}

export interface ReceiptView {
  lane: string
  seq: number
  attempt: number
  node: NodeRef | null
  nodeId: string
  /** EIP-712 struct hashes. */
  deliveryHash: string
  workHash: string | null
  priceMicroUsd: bigint
  fault: 'none' | 'provider' | 'client' | 'gateway' | 'capacity'
  /** The signed fields by name, integers as text where they exceed 53 bits. */
  delivery: Record<string, string | number>
  deliverySignature: string
  work: Record<string, string | number> | null
  workSignature: string | null
  checks: Check[]
  settlement: SettlementStage
  epoch: number | null
  anchoredTx: string | null
  claimedTx: string | null
  settledTx: string | null
  /** Of the delivery receipt; null while the epoch is open. */
  inclusion: InclusionView | null
  /** Of the work receipt; null where there is none, and while the epoch is open. */
  workInclusion: InclusionView | null
  /** Null when nobody here knows them. */
  terms: TermsView | null
}

export interface RequestDetail extends RequestSummary {
  errorMessage: string | null
  keyId: string | null
  keyName: string | null
  channelId: string
  lane: string
  attempts: AttemptView[]
  /** The placement record as the scheduler wrote it: candidates, terms in dollars, rejections, version, seed. */
  placement: unknown
  receipts: ReceiptView[]
  /** Receipts whose token counts were corrected; empty where none was. */
  recounts: RecountView[]
}

export interface RequestFilter {
  cursor?: string | undefined
  /** 1 to 200, default 50. */
  limit?: number | undefined
  status?: 'succeeded' | 'failed' | 'aborted' | undefined
  model?: string | undefined
}

export interface JobSummary {
  /** `job_…` */
  id: string
  requestId: string
  kind: JobKind
  /** Null where the list is of one organisation's. */
  organisation: string | null
  status: JobStatus
  path: string
  model: string
  attempts: number
  attemptsMax: number
  node: NodeRef | null
  httpStatus: number | null
  error: string | null
  deadlineAtMs: number | null
  createdAtMs: number
  startedAtMs: number | null
  /** First dispatch to a gateway: until then it waited. */
  dispatchedAtMs: number | null
  finishedAtMs: number | null
}

/** One dispatch of a job to a node. */
export interface JobTryView {
  attempt: number
  nodeId: string
  nodeName: string | null
  atMs: number
  endedAtMs: number | null
  outcome: JobTry['outcome']
  message: string | null
}

export interface JobDetail extends JobSummary {
  /** Null for whoever is not of the organisation, and once it was erased. */
  body: unknown
  answer: unknown
  erased: boolean
  /** The last decision as the scheduler wrote it; null before the first. */
  placement: unknown
  tries: JobTryView[]
  /** The failed job that this one repeats, and the one that repeats this. */
  retryOf: string | null
  retriedAs: string | null
  /** Whether the request's row (and so its receipts page) exists yet. */
  requestRecorded: boolean
}

export interface JobFilter {
  cursor?: string | undefined
  limit?: number | undefined
  status?: JobStatus | undefined
  kind?: JobKind | undefined
  model?: string | undefined
}

/** The queue as it stands, and how long those of the last day waited. */
export interface JobStats {
  counts: Record<JobStatus, number>
  /** Creation of the oldest that still waits. */
  oldestQueuedAtMs: number | null
  /** Accepted → first dispatched, ms, of the newest 10,000 in a day; null where there were none. */
  waitP50Ms: number | null
  waitP99Ms: number | null
  /** Accepted → over. */
  totalP50Ms: number | null
  totalP99Ms: number | null
  measured: number
}
