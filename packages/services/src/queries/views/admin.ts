/** What platform staff see at a glance. */
import type { EpochStatus, JobStatus } from '@isochrone/domain'
import type { RecountView } from './recounts.ts'

export interface GatewayView {
  lane: string
  url: string
  region: string
  ready: boolean
  activeRequests: number
  seenAtMs: number
  live: boolean
}

export interface ChainTransactionView {
  id: string
  purpose: string
  subject: string
  txHash: string | null
  status: string
  error: string | null
  createdAtMs: number
}

/** A queue of ids that wake workers. What is to be done stands in the row of each id. */
export interface QueueView {
  name: string
  waiting: number
  active: number
  /** Come again later. */
  delayed: number
  paused: boolean
  /** Processes that take from it. */
  workers: number
  /** The id that waits longest. */
  oldest: { id: string; addedAtMs: number } | null
  /** What comes by itself. */
  schedules: readonly { name: string; everyMs: number; nextAtMs: number | null }[]
}

export interface QueuesView {
  atMs: number
  /** Null while Redis does not answer. */
  queues: readonly QueueView[] | null
}

export interface AdminOverview {
  users: number
  organisations: number
  providers: number
  nodesTotal: number
  nodesLive: number
  gateways: GatewayView[]
  jobs: Record<JobStatus, number>
  epochs: Record<EpochStatus, number>
  requestsLastDay: number
  /** Journal entries in Redis that no worker has stored yet. */
  receiptsBacklog: number
  controlVersion: number
  chainBlock: number | null
  depositedMicroUsd: bigint
  claimedMicroUsd: bigint
  /** Newest first, at most 50. */
  transactions: ChainTransactionView[]
  /** Newest first, at most 50. */
  recounts: RecountView[]
}
