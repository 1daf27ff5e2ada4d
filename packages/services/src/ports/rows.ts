/** Rows as `db`'s repositories give them to queries and actions: plain values, JSON columns unchecked. */
import type { EpochStatus, JobStatus } from '@isochrone/domain'
import type { DataPolicy, Tier, TrustLevel } from '@isochrone/scheduler'
import type { JobKind } from './job-store.ts'

export interface UserRow {
  id: string
  name: string
  email: string
  role: string
  memberships: { orgId: string; orgName: string; slug: string; role: string; providerId: string | null }[]
}

export interface SettingsRow {
  /** Default routing policy, unchecked JSON. */
  routing: unknown
  requestsPerMinuteMax: number
  concurrentRequestsMax: number
}

export interface ApiKeyListRow {
  id: string
  name: string | null
  start: string | null
  referenceId: string
  enabled: boolean
  createdAt: Date
  expiresAt: Date | null
}

export interface ChannelRow {
  id: string
  orgId: string
  custody: 'managed' | 'wallet'
  ownerAddress: string
  salt: string
  depositedMicroUsd: bigint
  withdrawingMicroUsd: bigint
  withdrawnMicroUsd: bigint
  /** Chain time, s, from which what is asked back can leave; null while nothing thaws. */
  thawEndsAtS: bigint | null
  ceilingMicroUsd: bigint
  claimedMicroUsd: bigint
  openedTx: string | null
}

export interface MovementRow {
  id: string
  kind: 'deposit' | 'ceiling' | 'claim' | 'withdrawal_requested' | 'withdrawal' | 'refund' | 'credit'
  microUsd: bigint
  txHash: string
  blockNumber: bigint
  atMs: bigint
}

export interface FundingOrderRow {
  id: string
  microUsd: bigint
  status: string
  txHash: string | null
  error: string | null
  createdAt: Date
}

export interface ProviderRow {
  id: string
  orgId: string
  name: string
  ownerAddress: string
  payoutAddress: string
  payoutCustody: 'wallet' | 'managed'
  salt: string
  feeBps: number
  registeredTx: string | null
  createdAt: Date
}

export interface ListedNodeRow {
  nodeId: string
  id: string
  name: string
  providerId: string
  termsHash: string
  status: 'joining' | 'active' | 'revoked'
  region: string
  country: string
  failureDomain: string
  simulated: boolean
  tier: Tier
  dataPolicy: DataPolicy
  trust: TrustLevel
  gpuClass: string
  inventory: unknown
  models: unknown
  /** `engineReport`; null until an agent says so. */
  engine?: unknown
  keyTx: string | null
  createdAt: Date
  provider: { name: string }
  terms: { values: unknown; document: unknown }
}

export interface JoinTokenRow {
  id: string
  providerId: string
  nodeName: string
  region: string
  country: string
  tier: Tier
  dataPolicy: DataPolicy
  prices: unknown
  /** `{}` = none. */
  promises: unknown
  usedByNodeId: string | null
  usedAt: Date | null
  expiresAt: Date
  createdAt: Date
}

export interface RequestRow {
  id: string
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
  receivedAt: Date
  finishedAt: Date
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

export type RequestListRow = Omit<RequestRow, 'attempts' | 'placement'> & {
  receipts: { lane: string; epoch: bigint | null }[]
}

export interface ReceiptRow {
  lane: string
  seq: bigint
  deliveryHash: string
  workHash: string | null
  attempt: number
  nodeId: string
  priceMicroUsd: bigint
  fault: number
  delivery: unknown
  deliverySignature: string
  work: unknown
  workSignature: string | null
  epoch: bigint | null
}

export interface EpochRow {
  lane: string
  epoch: bigint
  status: EpochStatus
  root: string
  count: bigint
  sumMicroUsd: bigint
  dataHash: string
  fromSeq: bigint
  toSeq: bigint
  anchor: unknown
  anchorSignature: string
  closedAtMs: bigint
  anchoredTx: string | null
  claimedTx: string | null
  settledTx: string | null
  payableAtS: bigint | null
}

export interface VoucherRow {
  channelId: string
  providerId: string
  cumulativeMicroUsd: bigint
  paidMicroUsd: bigint | null
  skippedReason: string | null
  claimedTx: string | null
}

export interface JobRow {
  id: string
  orgId: string
  requestId: string
  kind: JobKind
  status: JobStatus
  path: string
  model: string
  attempts: number
  attemptsMax: number
  nodeId: string | null
  httpStatus: number | null
  error: string | null
  deadlineAt: Date | null
  createdAt: Date
  startedAt: Date | null
  dispatchedAt: Date | null
  finishedAt: Date | null
  erasedAt: Date | null
  retryOf: string | null
}

export type JobDetailRow = JobRow & { body: unknown; answer: unknown; placement: unknown }

export interface JobStatsRow {
  counts: Partial<Record<JobStatus, number>>
  oldestQueuedAt: Date | null
  waitP50Ms: number | null
  waitP99Ms: number | null
  totalP50Ms: number | null
  totalP99Ms: number | null
  measured: number
}

export interface PayoutRow {
  lane: string
  epoch: bigint
  grossMicroUsd: bigint
  feeMicroUsd: bigint
  netMicroUsd: bigint
  txHash: string
  atMs: bigint
}

export interface ProviderEpochRow {
  lane: string
  epoch: bigint
  receipts: number
  earnedMicroUsd: bigint
}

export interface NodeStatsRow {
  nodeId: string
  attempts: number
  faults: number
  earnedMicroUsd: bigint
  tokensOut: number
}

/** Attempts that a node declined because of the prompts that waited there. */
export interface NodeDeclinesRow {
  nodeId: string
  count: number
  /** Prompt tokens: of the middle one, what waited and what might. */
  promptsAhead: number
  aheadMax: number
}
