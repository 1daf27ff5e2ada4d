/**
 * One look at a queued job: place it with the same `decide` as interactive requests, dispatch it pinned, and store what
 * came of it, or say when to look again.
 *
 * Delivery is at least once: the gateway answers a request id once and repeats that answer, and rows change by
 * conditional update, so a second run of the same job changes nothing.
 */
import { prng, toAppError, type Clock } from '@isochrone/domain'
import { dispatchRequest, type DispatchResponse } from '@isochrone/protocol'
import { createReplicaPool, decide, type PlacementRecord, type PlacementRequest } from '@isochrone/scheduler'
import type { FleetSource, GatewayDispatch, JobRows, QueuedJobRow } from '../ports/job-store.ts'
import type { JobFleet } from './job-fleet.ts'
import { failedNodesOf, placementRequestOf } from './placement-request.ts'

export interface RunJobDeps {
  jobs: JobRows
  fleet: FleetSource
  gateway: GatewayDispatch
  /** What this placer knows of the fleet; one for all the jobs of a worker. */
  pools: JobFleet
  clock: Clock
}

export type JobLook = { kind: 'done' } | { kind: 'again'; delayMs: number; reason: string }

const DISPATCH_MS_MAX = 120_000
const BACKOFF_MS = { min: 250, max: 15_000 }
const GATEWAY_AWAY_MS = 1_000
/** After a gateway's refusal: what its nodes are and do is reported once a second. */
const REFUSED_AGAIN_MS = 1_000
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
  const policies = await policiesOf(deps, job)
  if ('refusal' in policies) return failed(deps, job, 400, 'invalid_request', policies.refusal)
  const placement = place(deps, job, policies.request)
  if (placement.kind === 'none') {
    const reason = `no node for ${job.model}: ${placement.reason}`
    await deps.jobs.requeue(job.id, { attempted: false, error: reason })
    return {
      kind: 'again',
      delayMs: Math.min(BACKOFF_MS.max, Math.max(BACKOFF_MS.min, placement.retryAfterMs)),
      reason,
    }
  }
  const { nodeId, record, close } = placement
  let response: DispatchResponse
  try {
    await deps.jobs.place(job.id, nodeId, { record, failedNodeIds: failedNodesOf(job) })
    response = await deps.gateway.dispatch(requestOf(job, nodeId, record, nowMs))
    close(outcomeOf(response), deps.clock.nowMs())
  } catch (error) {
    // Nothing is known of this attempt: the gateway, asked again, tells what became of it.
    const reason = `the gateway did not answer: ${toAppError(error).publicMessage}`
    await deps.jobs.requeue(job.id, { attempted: false, error: reason })
    return { kind: 'again', delayMs: GATEWAY_AWAY_MS, reason }
  } finally {
    close('cancelled', deps.clock.nowMs())
  }
  return conclude(deps, job, nodeId, response)
}

/** What the job asks of placement, with the fleet brought up to date; or why its policies can never be met. */
async function policiesOf(
  deps: RunJobDeps,
  job: QueuedJobRow,
): Promise<{ request: PlacementRequest } | { refusal: string }> {
  const [{ states, liveness }, routing] = await Promise.all([deps.fleet.nodes(), deps.fleet.routing(job.orgId)])
  deps.pools.sync(states, liveness, deps.clock.nowMs())
  try {
    return {
      request: placementRequestOf(job, routing, (id) => states.find((state) => state.id === id)?.nodeId),
    }
  } catch (error) {
    const { code, publicMessage } = toAppError(error)
    if (code !== 'invalid_input') throw error
    return { refusal: publicMessage }
  }
}

type JobPlacement =
  | { kind: 'none'; reason: string; retryAfterMs: number }
  | { kind: 'placed'; nodeId: string; record: PlacementRecord; close: ReturnType<JobFleet['open']> }

/** Decides and counts the job at its node in one step, so that jobs of one moment spread. */
function place(deps: RunJobDeps, job: QueuedJobRow, request: PlacementRequest): JobPlacement {
  const pool = deps.pools.pool(job.model) ?? nobody
  const nowMs = deps.clock.nowMs()
  // The seed is of the request and the attempt: the record carries the generator's state, so it can be replayed.
  const rng = prng(Number.parseInt(job.requestId.slice(-8), 16) ^ (job.attempts * 0x9e3779b9))
  let decision = decide(pool, request, rng, nowMs)
  if (decision.kind === 'none' && request.excludeNodeIds.length > 0) {
    decision = decide(pool, { ...request, excludeNodeIds: [] }, rng, nowMs)
  }
  // An estimate may be too high: only the least that the prompt can be makes it too long.
  if (decision.kind === 'none' && decision.reason === 'context_too_long') {
    const tokensIn = Math.min(request.tokensIn, request.tokensInMin ?? request.tokensIn)
    decision = decide(pool, { ...request, tokensIn, excludeNodeIds: [] }, rng, nowMs)
  }
  if (decision.kind === 'none') return { kind: 'none', reason: decision.reason, retryAfterMs: decision.retryAfterMs }
  const record = decision.record()
  const { nodeId } = pool.offerAt(decision.slot)
  const work = { tokensIn: request.tokensIn, tokensCached: 0, tokensOut: request.tokensOutExpected }
  return { kind: 'placed', nodeId, record, close: deps.pools.open(job.model, nodeId, work, nowMs) }
}

/** A model that no node serves: the decision then says so. */
const nobody = createReplicaPool({ prefixBlocksMax: 1 })

/** A gateway that is full or closing says 503, and nothing of the node. */
function outcomeOf(response: DispatchResponse): 'finished' | 'failed' | 'cancelled' {
  if (response.outcome === 'answered') return 'finished'
  return response.outcome === 'retry' && !isRefusal(response) ? 'failed' : 'cancelled'
}

const isRefusal = ({ outcome, httpStatus }: DispatchResponse): boolean => outcome === 'retry' && httpStatus === 503

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
  response: DispatchResponse,
): Promise<JobLook> {
  const { outcome, httpStatus, answer, message } = response
  const now = new Date(deps.clock.nowMs())
  if (outcome !== 'retry') {
    const status = outcome === 'answered' && httpStatus < 400 ? 'succeeded' : 'failed'
    await deps.jobs.finish(job.id, { status, httpStatus, answer, error: message, now })
    return done
  }
  const reason = message ?? 'the node answered nothing'
  if (isRefusal(response)) {
    // Capacity or a constraint, as the gateway sees them: no attempt, and nothing against the node. The deadline bounds it.
    await deps.jobs.requeue(job.id, { attempted: false, error: reason })
    return { kind: 'again', delayMs: REFUSED_AGAIN_MS, reason }
  }
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
