/** What the HTTP edge is made with. `main.ts` wires the real parts, tests their own. */
import type { Server } from 'node:http'
import type { Clock } from '@isochrone/domain'
import type { Logger, Tracing } from '@isochrone/runtime'
import type { FastifyInstance } from 'fastify'
import type { Hex, SigningDomain } from '@isochrone/protocol'
import type { JobState } from '@isochrone/services'
import type { ControlView } from '../control/control-state.ts'
import type { JobCancellations } from '../jobs/job-cancellations.ts'
import type { JobProgress } from '../jobs/job-progress.ts'
import type { Lane, Sessions } from '../ports.ts'
import type { InferencePath } from '../requests/read/parse-request.ts'
import type { FairStarts } from '../requests/limits/fair-starts.ts'
import type { LoopWatch } from '../overload/watch-loop.ts'
import type { RequestLimits } from '../requests/limits/request-limits.ts'
import type { Idempotency } from '../idempotency/idempotency.ts'
import type { GatewayMetrics } from './gateway-metrics.ts'
import type { ReadLimits } from './read-limits.ts'
import type { ServeDeps } from '../requests/serving.ts'

export interface NewJobInput {
  orgId: string
  keyId: string
  kind: 'queued' | 'background' | 'waiting'
  path: Exclude<InferencePath, '/v1/embeddings'>
  model: string
  body: Record<string, unknown>
  /** The Responses request that it comes from. */
  source?: Record<string, unknown>
  /** From now, ms. */
  deadlineMs?: number
}

/** Queued work lives in Postgres: the one path of this API that may wait for it. */
export interface Jobs {
  /** Throws `forbidden` where the store of queued work is outside the organisation's residency. */
  requireInside(orgId: string): void
  enqueue(input: NewJobInput): Promise<JobState>
  /** Undefined when the organisation has no such job, or has had it erased. */
  get(orgId: string, jobId: string): Promise<JobState | undefined>
  /** Of any organisation's job; null when there is none. */
  status(jobId: string): Promise<JobState['status'] | null>
  /** Throws `not_found`, or `state_conflict` when it was over already. */
  cancel(orgId: string, jobId: string): Promise<JobState>
  /** Cancels it where it is not over, and takes prompt and answer out of it. Throws `not_found`. */
  erase(orgId: string, jobId: string): Promise<void>
  progress: JobProgress
  cancellations: JobCancellations
}

export interface EpochDoor {
  /** Closes the epoch now; null when there was nothing to close. */
  close(): Promise<{ epoch: number; fromSeq: number; toSeq: number; count: number } | null>
  /** Signs this version of a record anew; false where it is not this lane's. */
  correctRecord(record: { nodeId: Hex; lane: Hex; epoch: number; version: number }): Promise<boolean>
}

export interface GatewayDeps {
  control: ControlView
  sessions: Sessions
  lane: Lane
  serve: ServeDeps
  requestLimits: RequestLimits
  /** How often callers may ask for what is kept; its own where none are given. */
  readLimits?: ReadLimits
  /** How many requests of an organisation are before their first token while others ask too. */
  starts: FairStarts
  /** Absent: nothing is refused for want of this process's time. */
  loop?: LoopWatch
  idempotency: Idempotency
  jobs: Jobs
  epochs: EpochDoor
  metrics: GatewayMetrics
  /** Models that any node has offered, here or at another gateway, since this one started. */
  knownModels: { has(model: string): boolean; readonly any: boolean }
  /** Why this gateway may not serve; null when it may. */
  notReady(): string | null
  /** This gateway is about to stop: connections close with their answers. */
  draining?(): boolean
  /** What nodes' signatures under their sealing keys are bound to. */
  sealingDomain: SigningDomain
  internalToken: string
  logger: Logger
  /** Null or absent: nothing is traced. */
  tracing?: Tracing | null
  clock: Clock
  /** Origins whose pages may call; none where it is absent. */
  corsOrigins?: readonly string[]
  bodyBytesMax?: number
  /** How long the rest of a refused body is read, ms. */
  lingerMsMax?: number
  /** The server on which agents link; its own where none is given. */
  httpServer?: Server
  /** Routes of other parts: the files of closed epochs. */
  addRoutes?: (app: FastifyInstance) => void
}
