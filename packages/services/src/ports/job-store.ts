/** What queued work needs of the database, the queue, the fleet and the gateways. */
import type { JobStatus } from '@isochrone/domain'
import type { DispatchRequest, DispatchResponse, GatewayState, NodeLiveness, NodeState } from '@isochrone/protocol'
import type { JobEnd } from './receipt-store.ts'

/** `queued` by its own wish, `background` as a response, `waiting` for want of capacity, `batch` as a line of one. */
export type JobKind = 'queued' | 'background' | 'waiting' | 'batch'

export interface QueuedJobRow {
  id: string
  orgId: string
  keyId: string | null
  requestId: string
  kind: JobKind
  path: string
  model: string
  body: unknown
  source: unknown
  status: JobStatus
  /** This one included, once it has started. */
  attempts: number
  attemptsMax: number
  /** `{ record, failedNodeIds, tries }`: see `placement-memory.ts`. */
  placement: unknown
  /** The one gateway that it goes to, once it was dispatched. */
  gatewayUrl: string | null
  answer: unknown
  httpStatus: number | null
  error: string | null
  retryOf: string | null
  batchId: string | null
  deadlineAt: Date | null
  createdAt: Date
  startedAt: Date | null
  dispatchedAt: Date | null
  finishedAt: Date | null
  erasedAt: Date | null
}

export interface JobRows {
  /** False when the job that it repeats is repeated already. */
  insert(job: {
    id: string
    orgId: string
    keyId: string | null
    requestId: string
    kind: JobKind
    path: string
    model: string
    body: unknown
    source: unknown
    attemptsMax: number
    deadlineAt: Date | null
    retryOf: string | null
  }): Promise<boolean>
  get(id: string, orgId?: string): Promise<QueuedJobRow | null>
  retryOf(id: string, orgId: string): Promise<QueuedJobRow | null>
  start(id: string, now: Date): Promise<QueuedJobRow | null>
  /** False when it is over: then it must not be dispatched. */
  place(id: string, placed: { nodeId: string; placement: unknown; gatewayUrl: string; now: Date }): Promise<boolean>
  /** `unpin`: it never reached the gateway, so that another one may have it. */
  requeue(id: string, end: { attempted: boolean; error: string; placement?: unknown; unpin?: boolean }): Promise<void>
  finish(id: string, end: JobEnd): Promise<boolean>
  erase(id: string, orgId: string, now: Date): Promise<boolean>
  openBefore(before: Date, limit: number): Promise<string[]>
}

/** When to look at a job; what it is stands in its row. Adding one that is there already changes nothing. */
export interface JobQueue {
  add(jobId: string): Promise<void>
  /** The same for many. */
  addAll?(jobIds: readonly string[]): Promise<void>
}

/** The fleet as gateways report it, and what the control plane knows of its nodes. */
export interface FleetSource {
  nodes(): Promise<{ states: readonly NodeState[]; liveness: ReadonlyMap<string, NodeLiveness> }>
  /** The organisation's default routing policy as it is stored; `{}` where it has none. */
  routing(orgId: string): Promise<unknown>
  /** Every gateway that introduced itself, with where it stands. */
  gateways(): Promise<readonly Pick<GatewayState, 'url' | 'country' | 'region'>[]>
}

/** The API keys that queued work was asked with. */
export interface KeySource {
  /** About a second late. A key that is over by its own date, or forgotten since, was not revoked: what it asked for goes on. */
  isRevoked(keyId: string): Promise<boolean>
}

export interface GatewayDispatch {
  /** Where a job goes that was dispatched nowhere yet, among the gateways that `mayServe`; null where there is none. */
  gatewayFor(requestId: string, mayServe?: (gatewayUrl: string) => boolean): string | null
  /**
   * Throws when the gateway cannot be reached or does not answer in time: nothing is known then, unless `details.unreached`
   * says that it never got the job.
   */
  dispatch(gatewayUrl: string, request: DispatchRequest): Promise<DispatchResponse>
}
