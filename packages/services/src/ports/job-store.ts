/** What queued work needs of the database, the queue, the fleet and the gateways. */
import type { JobStatus } from '@isochrone/domain'
import type { DispatchRequest, DispatchResponse, NodeLiveness, NodeState } from '@isochrone/protocol'
import type { JobEnd } from './receipt-store.ts'

export interface QueuedJobRow {
  id: string
  orgId: string
  keyId: string | null
  requestId: string
  path: string
  model: string
  body: unknown
  status: JobStatus
  /** This one included, once it has started. */
  attempts: number
  attemptsMax: number
  /** `{ record, failedNodeIds }` of the last placement. */
  placement: unknown
  answer: unknown
  httpStatus: number | null
  error: string | null
  deadlineAt: Date | null
  createdAt: Date
  startedAt: Date | null
  finishedAt: Date | null
}

export interface JobRows {
  insert(job: {
    id: string
    orgId: string
    keyId: string | null
    requestId: string
    path: string
    model: string
    body: unknown
    attemptsMax: number
    deadlineAt: Date | null
  }): Promise<void>
  get(id: string, orgId?: string): Promise<QueuedJobRow | null>
  start(id: string, now: Date): Promise<QueuedJobRow | null>
  place(id: string, nodeId: string, placement: unknown): Promise<void>
  requeue(id: string, end: { attempted: boolean; error: string; placement?: unknown }): Promise<void>
  finish(id: string, end: JobEnd): Promise<boolean>
  openBefore(before: Date, limit: number): Promise<string[]>
}

/** When to look at a job; what it is stands in its row. Adding one that is there already changes nothing. */
export interface JobQueue {
  add(jobId: string): Promise<void>
}

/** The fleet as gateways report it, and what the control plane knows of its nodes. */
export interface FleetSource {
  nodes(): Promise<{ states: readonly NodeState[]; liveness: ReadonlyMap<string, NodeLiveness> }>
  /** The organisation's default routing policy as it is stored; `{}` where it has none. */
  routing(orgId: string): Promise<unknown>
}

/** Throws when the gateway cannot be reached or does not answer in time. */
export interface GatewayDispatch {
  dispatch(request: DispatchRequest): Promise<DispatchResponse>
}
