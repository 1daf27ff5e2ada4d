/**
 * One look at a queued job: place it with the same `decide` as interactive requests, dispatch it pinned, and store what
 * came of it, or say when to look again.
 *
 * Delivery is at least once: one gateway has the job, answers its request id once and repeats that answer, and rows change
 * by conditional update, so a second run of the same job changes nothing. A deadline that passes while the gateway may have
 * answered ends the job only when that is known.
 */
import { AppError, toAppError } from '@isochrone/domain'
import { dispatchRequest, type DispatchResponse } from '@isochrone/protocol'
import type { PlacementRequest } from '@isochrone/scheduler'
import type { QueuedJobRow } from '../ports/job-store.ts'
import { BACKOFF_MS, concludeJob, done, failJob, isRefusal, type JobLook } from './conclude-job.ts'
import { gatewayOf } from './gateway-of.ts'
import { placeInTime, type JobPlacement } from './place-job.ts'
import { placementMemoryOf, withEnd, withTry } from './placement-memory.ts'
import { placementRequestOf } from './placement-request.ts'
import type { RunJobDeps } from './run-job-deps.ts'

const DISPATCH_MS_MAX = 120_000
const GATEWAY_AWAY_MS = 1_000
/** How long after its deadline a job waits for a gateway that may have answered it. */
const OVERDUE_MS_MAX = 600_000

export async function runJob(deps: RunJobDeps, jobId: string): Promise<JobLook> {
  const nowMs = deps.clock.nowMs()
  const job = await deps.jobs.start(jobId, new Date(nowMs))
  if (job === null) return done
  if (job.deadlineAt !== null && job.deadlineAt.getTime() <= nowMs) return await overdue(deps, job, job.deadlineAt)
  if (job.keyId !== null && (await deps.fleet.isRevoked(job.keyId))) return await revoked(deps, job)
  const policies = await policiesOf(deps, job)
  if ('refusal' in policies) return failJob(deps, job, policies.refusal)
  const gatewayUrl = await gatewayOf(deps, job)
  if (gatewayUrl === null) {
    const reason = "no gateway that takes jobs stands inside the organisation's residency"
    await deps.jobs.requeue(job.id, { attempted: false, error: reason })
    return { kind: 'again', delayMs: BACKOFF_MS.max, reason }
  }
  const placement = await placeInTime(deps, job, policies.request)
  if (placement.kind === 'none') {
    const { refusal } = placement
    if (refusal) return await refused(deps, job, placement.record, refusal)
    return await wait(deps, job, placement)
  }
  const { nodeId, record, close } = placement
  const memory = withTry(placementMemoryOf(job.placement), record, { attempt: job.attempts, nodeId, atMs: nowMs })
  try {
    if (!(await deps.jobs.place(job.id, { nodeId, placement: memory, gatewayUrl, now: new Date(nowMs) }))) return done
    const response = await deps.gateway.dispatch(gatewayUrl, requestOf(job, nodeId, record, nowMs))
    close(outcomeOf(response), deps.clock.nowMs())
    return await concludeJob(deps, job, memory, response)
  } catch (error) {
    const { publicMessage, details } = toAppError(error)
    // Nothing is known of this attempt: the gateway, asked again, tells what became of it. One that never got the job
    // has nothing to tell.
    const unpin = details.unreached === true && job.gatewayUrl === null
    const reason = `the gateway did not answer: ${publicMessage}`
    const end = { outcome: 'lost', message: publicMessage, atMs: deps.clock.nowMs() } as const
    await deps.jobs.requeue(job.id, { attempted: false, error: reason, placement: withEnd(memory, end), unpin })
    return { kind: 'again', delayMs: GATEWAY_AWAY_MS, reason }
  } finally {
    close('cancelled', deps.clock.nowMs())
  }
}

/** No node now: the decision is kept, so that people see why it waits. */
async function wait(
  deps: RunJobDeps,
  job: QueuedJobRow,
  { reason: code, record, retryAfterMs }: Extract<JobPlacement, { kind: 'none' }>,
): Promise<JobLook> {
  const reason = `no node for ${job.model}: ${code}`
  const memory = placementMemoryOf(job.placement)
  const isNews = job.error !== reason || memory.record === undefined || memory.record === null
  const placement = isNews ? { ...memory, record } : undefined
  await deps.jobs.requeue(job.id, { attempted: false, error: reason, placement })
  return { kind: 'again', delayMs: Math.min(BACKOFF_MS.max, Math.max(BACKOFF_MS.min, retryAfterMs)), reason }
}

/** No node of the marketplace fits: to wait until the deadline would tell the same an hour later. */
async function refused(deps: RunJobDeps, job: QueuedJobRow, record: unknown, why: AppError): Promise<JobLook> {
  const { publicMessage } = why
  return await unlessAnswered(deps, job, deps.clock.nowMs(), async () => {
    const placement = { ...placementMemoryOf(job.placement), record }
    await deps.jobs.requeue(job.id, { attempted: false, error: publicMessage, placement })
    return await failJob(deps, job, why)
  })
}

/** Nothing is begun for a key that was revoked, which may be in wrong hands; what its gateway answered before counts. */
async function revoked(deps: RunJobDeps, job: QueuedJobRow): Promise<JobLook> {
  return await unlessAnswered(deps, job, deps.clock.nowMs(), () => {
    const publicMessage = 'The API key that asked for this was revoked before it was begun.'
    return failJob(deps, job, new AppError('unauthenticated', { publicMessage }))
  })
}

/** Past its deadline nothing is run; what its gateway answered before counts all the same. */
async function overdue(deps: RunJobDeps, job: QueuedJobRow, deadlineAt: Date): Promise<JobLook> {
  return await unlessAnswered(deps, job, deadlineAt.getTime(), () => {
    const publicMessage = job.error ?? 'No node could take the job before its deadline.'
    const details = { reason: 'job_deadline_exceeded' }
    return failJob(deps, job, new AppError('deadline_exceeded', { publicMessage, details }))
  })
}

/** Ends a job that was over at `overMs`, unless the one gateway that may have answered it has, or cannot be asked yet. */
async function unlessAnswered(
  deps: RunJobDeps,
  job: QueuedJobRow,
  overMs: number,
  end: () => Promise<JobLook>,
): Promise<JobLook> {
  const nowMs = deps.clock.nowMs()
  const memory = placementMemoryOf(job.placement)
  const nodeId = memory.tries.at(-1)?.nodeId
  if (job.gatewayUrl === null || nodeId === undefined) return await end()
  try {
    const request = { ...requestOf(job, nodeId, null, nowMs), answerOnly: true }
    const response = await deps.gateway.dispatch(job.gatewayUrl, request)
    if (response.outcome === 'retry') return await end()
    return await concludeJob(deps, job, memory, response)
  } catch {
    if (nowMs - overMs > OVERDUE_MS_MAX) return await end()
    const reason = 'the gateway that may have answered it is away'
    await deps.jobs.requeue(job.id, { attempted: false, error: job.error ?? reason })
    return { kind: 'again', delayMs: BACKOFF_MS.max, reason }
  }
}

/** What the job asks of placement, with the fleet brought up to date; or why its policies can never be met. */
async function policiesOf(
  deps: RunJobDeps,
  job: QueuedJobRow,
): Promise<{ request: PlacementRequest } | { refusal: AppError }> {
  const [{ states, liveness }, routing] = await Promise.all([deps.fleet.nodes(), deps.fleet.routing(job.orgId)])
  deps.pools.sync(states, liveness, deps.clock.nowMs())
  try {
    return {
      request: placementRequestOf(job, routing, (id) => states.find((state) => state.id === id)?.nodeId),
    }
  } catch (error) {
    const refusal = toAppError(error)
    if (refusal.code !== 'invalid_input') throw error
    return { refusal }
  }
}

function outcomeOf(response: DispatchResponse): 'finished' | 'failed' | 'cancelled' {
  if (response.outcome === 'answered') return 'finished'
  return response.outcome === 'retry' && !isRefusal(response) ? 'failed' : 'cancelled'
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
    dispatchedAtMs: job.dispatchedAt?.getTime() ?? null,
    progress: job.kind === 'background',
    slack: job.kind === 'batch',
  })
}
