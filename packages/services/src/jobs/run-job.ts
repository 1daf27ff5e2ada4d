/**
 * One look at a queued job: place it with the same `decide` as interactive requests, dispatch it pinned, and store what
 * came of it, or say when to look again.
 *
 * Delivery is at least once: the gateway answers a request id once and repeats that answer, and rows change by
 * conditional update, so a second run of the same job changes nothing.
 */
import { prng, toAppError, type Clock } from '@isochrone/domain'
import { dispatchRequest, type DispatchResponse } from '@isochrone/protocol'
import { decide, type Placement } from '@isochrone/scheduler/snapshot'
import type { FleetSource, GatewayDispatch, JobRows, QueuedJobRow } from '../ports/job-store.ts'
import { fleetSnapshotOf } from './fleet-snapshot.ts'
import type { OwnDispatches } from './own-dispatches.ts'
import { failedNodesOf, placementRequestOf } from './placement-request.ts'

export interface RunJobDeps {
  jobs: JobRows
  fleet: FleetSource
  gateway: GatewayDispatch
  own: OwnDispatches
  clock: Clock
}

export type JobLook = { kind: 'done' } | { kind: 'again'; delayMs: number; reason: string }

const DISPATCH_MS_MAX = 120_000
const BACKOFF_MS = { min: 250, max: 15_000 }
const GATEWAY_AWAY_MS = 1_000
const done: JobLook = { kind: 'done' }

export async function runJob(deps: RunJobDeps, jobId: string): Promise<JobLook> {
  const nowMs = deps.clock.nowMs()
  const job = await deps.jobs.start(jobId, new Date(nowMs))
  if (job === null) return done
  if (job.deadlineAt !== null && job.deadlineAt.getTime() <= nowMs) {
    return failed(
      deps,
      job,
      504,
      'job_deadline_exceeded',
      job.error ?? 'No node could take the job before its deadline.',
    )
  }
  const placement = await place(deps, job)
  if (placement.kind === 'none') {
    const reason = `no node for ${job.model}: ${placement.reason}`
    await deps.jobs.requeue(job.id, { attempted: false, error: reason })
    return { kind: 'again', delayMs: Math.min(BACKOFF_MS.max, placement.retryAfterS * 1_000), reason }
  }
  const { nodeId } = placement.replica
  await deps.jobs.place(job.id, nodeId, { record: placement.record, failedNodeIds: failedNodesOf(job) })
  const end = deps.own.begin(nodeId, deps.clock.nowMs())
  let response: DispatchResponse
  try {
    response = await deps.gateway.dispatch(requestOf(job, nodeId, placement.record, nowMs))
  } catch (error) {
    // Nothing is known of this attempt: the gateway, asked again, tells what became of it.
    const reason = `the gateway did not answer: ${toAppError(error).publicMessage}`
    await deps.jobs.requeue(job.id, { attempted: false, error: reason })
    return { kind: 'again', delayMs: GATEWAY_AWAY_MS, reason }
  } finally {
    end()
  }
  return conclude(deps, job, nodeId, response)
}

async function place(deps: RunJobDeps, job: QueuedJobRow): Promise<Placement> {
  const [{ states, liveness }, valueOfSecond] = await Promise.all([
    deps.fleet.nodes(),
    deps.fleet.valueOfSecondMicroUsd(job.orgId),
  ])
  const nowMs = deps.clock.nowMs()
  const snapshot = fleetSnapshotOf(states, liveness, deps.own, nowMs)
  const request = placementRequestOf(job, valueOfSecond)
  // The seed is of the request and the attempt: the record carries the generator's state, so it can be replayed.
  const rng = prng(Number.parseInt(job.requestId.slice(-8), 16) ^ (job.attempts * 0x9e3779b9))
  const placement = decide(snapshot, request, rng, nowMs)
  if (placement.kind === 'placed' || request.excludeNodeIds.length === 0) return placement
  return decide(snapshot, { ...request, excludeNodeIds: [] }, rng, nowMs)
}

function requestOf(job: QueuedJobRow, nodeId: string, placement: unknown, nowMs: number) {
  const left = job.deadlineAt === null ? DISPATCH_MS_MAX : job.deadlineAt.getTime() - nowMs
  return dispatchRequest.parse({
    requestId: job.requestId,
    jobId: job.id,
    orgId: job.orgId,
    keyId: job.keyId,
    path: job.path,
    body: job.body,
    nodeId,
    placement,
    timeoutMs: Math.max(1, Math.min(DISPATCH_MS_MAX, Math.floor(left))),
  })
}

async function conclude(
  deps: RunJobDeps,
  job: QueuedJobRow,
  nodeId: string,
  { outcome, httpStatus, answer, message }: DispatchResponse,
): Promise<JobLook> {
  const now = new Date(deps.clock.nowMs())
  if (outcome !== 'retry') {
    const status = outcome === 'answered' && httpStatus < 400 ? 'succeeded' : 'failed'
    await deps.jobs.finish(job.id, { status, httpStatus, answer, error: message, now })
    return done
  }
  const reason = message ?? 'the node answered nothing'
  if (job.attempts >= job.attemptsMax) {
    return failed(deps, job, 502, 'provider_failed', `${job.attempts} attempts failed; the last: ${reason}`)
  }
  const failedNodeIds = [...failedNodesOf(job), nodeId]
  await deps.jobs.requeue(job.id, { attempted: true, error: reason, placement: { failedNodeIds } })
  return { kind: 'again', delayMs: backoffMs(job.attempts), reason }
}

async function failed(
  deps: RunJobDeps,
  job: QueuedJobRow,
  httpStatus: number,
  code: string,
  message: string,
): Promise<JobLook> {
  const answer = { error: { message, type: 'server_error', param: null, code } }
  const now = new Date(deps.clock.nowMs())
  await deps.jobs.finish(job.id, { status: 'failed', httpStatus, answer, error: message, now })
  return done
}

function backoffMs(attempts: number): number {
  return Math.min(BACKOFF_MS.max, BACKOFF_MS.min * 2 ** Math.min(10, Math.max(0, attempts - 1)))
}
