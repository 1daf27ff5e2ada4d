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
import { openAiErrorOf } from '@isochrone/protocol/openai-error'
import type { PlacementRequest } from '@isochrone/scheduler'
import type { QueuedJobRow } from '../ports/job-store.ts'
import { parseStorableJson } from '../receipts/storable-json.ts'
import { gatewayOf } from './gateway-of.ts'
import { refusalOf } from './hopeless-policy.ts'
import { placeInTime, type JobPlacement } from './place-job.ts'
import { placementMemoryOf, withEnd, withTry, type JobTry, type PlacementMemory } from './placement-memory.ts'
import { placementRequestOf } from './placement-request.ts'
import type { RunJobDeps } from './run-job-deps.ts'

export type JobLook = { kind: 'done' } | { kind: 'again'; delayMs: number; reason: string }

const DISPATCH_MS_MAX = 120_000
const BACKOFF_MS = { min: 250, max: 15_000 }
const GATEWAY_AWAY_MS = 1_000
/** After a gateway's refusal: what its nodes are and do is reported once a second. */
const REFUSED_AGAIN_MS = 1_000
/** The answer comes with the receipts' stream. */
const RECORDED_AGAIN_MS = 500
/** How long after its deadline a job waits for a gateway that may have answered it. */
const OVERDUE_MS_MAX = 600_000
/** A line of a batch that its organisation's money does not cover now. */
const OUT_OF_MONEY_AGAIN_MS = 5_000
const done: JobLook = { kind: 'done' }

export async function runJob(deps: RunJobDeps, jobId: string): Promise<JobLook> {
  const nowMs = deps.clock.nowMs()
  const job = await deps.jobs.start(jobId, new Date(nowMs))
  if (job === null) return done
  if (job.deadlineAt !== null && job.deadlineAt.getTime() <= nowMs) return await overdue(deps, job, job.deadlineAt)
  const policies = await policiesOf(deps, job)
  if ('refusal' in policies) return failed(deps, job, policies.refusal)
  const gatewayUrl = await gatewayOf(deps, job)
  if (gatewayUrl === null) {
    const reason = "no gateway that takes jobs stands inside the organisation's residency"
    await deps.jobs.requeue(job.id, { attempted: false, error: reason })
    return { kind: 'again', delayMs: BACKOFF_MS.max, reason }
  }
  const placement = await placeInTime(deps, job, policies.request)
  if (placement.kind === 'none') {
    const { contradiction } = placement
    if (contradiction) return await refused(deps, job, placement.record, refusalOf(contradiction))
    return await wait(deps, job, placement)
  }
  const { nodeId, record, close } = placement
  const memory = withTry(placementMemoryOf(job.placement), record, { attempt: job.attempts, nodeId, atMs: nowMs })
  try {
    if (!(await deps.jobs.place(job.id, { nodeId, placement: memory, gatewayUrl, now: new Date(nowMs) }))) return done
    const response = await deps.gateway.dispatch(gatewayUrl, requestOf(job, nodeId, record, nowMs))
    close(outcomeOf(response), deps.clock.nowMs())
    return await conclude(deps, job, memory, response)
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
    return await failed(deps, job, why)
  })
}

/** Past its deadline nothing is run; what its gateway answered before counts all the same. */
async function overdue(deps: RunJobDeps, job: QueuedJobRow, deadlineAt: Date): Promise<JobLook> {
  return await unlessAnswered(deps, job, deadlineAt.getTime(), () => {
    const publicMessage = job.error ?? 'No node could take the job before its deadline.'
    const details = { reason: 'job_deadline_exceeded' }
    return failed(deps, job, new AppError('deadline_exceeded', { publicMessage, details }))
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
    return await conclude(deps, job, memory, response)
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

/** A gateway that is full or closing says 503, and nothing of the node. */
function outcomeOf(response: DispatchResponse): 'finished' | 'failed' | 'cancelled' {
  if (response.outcome === 'answered') return 'finished'
  return response.outcome === 'retry' && !isRefusal(response) ? 'failed' : 'cancelled'
}

function isOutOfMoney({ outcome, httpStatus, answer }: DispatchResponse): boolean {
  if (outcome !== 'rejected' || httpStatus !== 429) return false
  const { error } = answer as { error?: { code?: unknown } }
  return error?.code === 'insufficient_quota'
}

/** 421: the gateway stands outside the organisation's residency. */
const isElsewhere = ({ outcome, httpStatus }: DispatchResponse): boolean => outcome === 'rejected' && httpStatus === 421

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
    dispatchedAtMs: job.dispatchedAt?.getTime() ?? null,
    progress: job.kind === 'background',
    slack: job.kind === 'batch',
  })
}

async function conclude(
  deps: RunJobDeps,
  job: QueuedJobRow,
  memory: PlacementMemory,
  said: DispatchResponse,
): Promise<JobLook> {
  // An engine's words, in the answer and in the reason: a row that refused them would be run again until its deadline.
  const response = parseStorableJson(JSON.stringify(said)) as DispatchResponse
  const { outcome, httpStatus, message, answer } = response
  const atMs = deps.clock.nowMs()
  if (outcome === 'recorded') {
    // Nothing is run: the row ends when the receipts' stream brings the answer.
    await deps.jobs.requeue(job.id, { attempted: false, error: 'answered; the answer is on its way' })
    return { kind: 'again', delayMs: RECORDED_AGAIN_MS, reason: 'its answer is on its way' }
  }
  if (job.batchId !== null && isOutOfMoney(response)) {
    // It cost nothing and never ran: it waits for money as others wait for a place, until the batch's time is over.
    const ended = withEnd(memory, { outcome: 'refused', message, atMs })
    const unpin = job.gatewayUrl === null
    await deps.jobs.requeue(job.id, { attempted: false, error: message ?? 'no money', placement: ended, unpin })
    await deps.batches?.outOfMoney(job.batchId, new Date(atMs))
    return { kind: 'again', delayMs: OUT_OF_MONEY_AGAIN_MS, reason: 'its organisation has no money left' }
  }
  if (isElsewhere(response)) {
    // The organisation's residency has changed: it never ran there, and another gateway may have it.
    const ended = withEnd(memory, { outcome: 'refused', message, atMs })
    await deps.jobs.requeue(job.id, { attempted: false, error: message ?? 'elsewhere', placement: ended, unpin: true })
    return { kind: 'again', delayMs: REFUSED_AGAIN_MS, reason: 'it belongs to another gateway' }
  }
  if (outcome !== 'retry') {
    const status = outcome === 'answered' && httpStatus < 400 ? 'succeeded' : 'failed'
    await deps.jobs.finish(job.id, { status, httpStatus, answer, error: message, now: new Date(atMs) })
    return done
  }
  const reason = message ?? 'the node answered nothing'
  const ended = (how: JobTry['outcome']) => withEnd(memory, { outcome: how, message: reason, atMs })
  if (isRefusal(response)) {
    // Capacity or a constraint, as the gateway sees them: no attempt, and nothing against the node. The deadline bounds it.
    const unpin = job.gatewayUrl === null
    await deps.jobs.requeue(job.id, { attempted: false, error: reason, placement: ended('refused'), unpin })
    return { kind: 'again', delayMs: REFUSED_AGAIN_MS, reason }
  }
  if (job.attempts >= job.attemptsMax) {
    const publicMessage = `${job.attempts} attempts failed; the last: ${reason}`
    return failed(deps, job, new AppError('provider_failed', { publicMessage }))
  }
  await deps.jobs.requeue(job.id, { attempted: true, error: reason, placement: ended('failed') })
  return { kind: 'again', delayMs: backoffMs(job.attempts), reason }
}

/** What ends a job that no gateway answered, in the shape in which one would have said it. */
async function failed(deps: RunJobDeps, job: QueuedJobRow, why: AppError): Promise<JobLook> {
  const { httpStatus, body: answer } = openAiErrorOf(why, job.requestId)
  const now = new Date(deps.clock.nowMs())
  await deps.jobs.finish(job.id, { status: 'failed', httpStatus, answer, error: why.publicMessage, now })
  return done
}

function backoffMs(attempts: number): number {
  return Math.min(BACKOFF_MS.max, BACKOFF_MS.min * 2 ** Math.min(10, Math.max(0, attempts - 1)))
}
