/** What comes of a dispatch: the job ends with what its gateway said, or waits for another look. */
import { AppError } from '@isochrone/domain'
import type { DispatchResponse } from '@isochrone/protocol'
import { openAiErrorOf } from '@isochrone/protocol/openai-error'
import type { QueuedJobRow } from '../ports/job-store.ts'
import { parseStorableJson } from '../receipts/storable-json.ts'
import { withEnd, type JobTry, type PlacementMemory } from './placement-memory.ts'
import type { RunJobDeps } from './run-job-deps.ts'

export type JobLook = { kind: 'done' } | { kind: 'again'; delayMs: number; reason: string }

export const BACKOFF_MS = { min: 250, max: 15_000 }
/** After a gateway's refusal: what its nodes are and do is reported once a second. */
const REFUSED_AGAIN_MS = 1_000
/** The answer comes with the receipts' stream. */
const RECORDED_AGAIN_MS = 500
/** A line of a batch that its organisation's money does not cover now. */
const OUT_OF_MONEY_AGAIN_MS = 5_000
export const done: JobLook = { kind: 'done' }

export async function concludeJob(
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
    return failJob(deps, job, new AppError('provider_failed', { publicMessage }))
  }
  await deps.jobs.requeue(job.id, { attempted: true, error: reason, placement: ended('failed') })
  return { kind: 'again', delayMs: backoffMs(job.attempts), reason }
}

/** What ends a job that no gateway answered, in the shape in which one would have said it. */
export async function failJob(deps: RunJobDeps, job: QueuedJobRow, why: AppError): Promise<JobLook> {
  const { httpStatus, body: answer } = openAiErrorOf(why, job.requestId)
  const now = new Date(deps.clock.nowMs())
  await deps.jobs.finish(job.id, { status: 'failed', httpStatus, answer, error: why.publicMessage, now })
  return done
}

function isOutOfMoney({ outcome, httpStatus, answer }: DispatchResponse): boolean {
  if (outcome !== 'rejected' || httpStatus !== 429) return false
  const { error } = answer as { error?: { code?: unknown } }
  return error?.code === 'insufficient_quota'
}

/** 421: the gateway stands outside the organisation's residency. */
const isElsewhere = ({ outcome, httpStatus }: DispatchResponse): boolean => outcome === 'rejected' && httpStatus === 421

/** A gateway that is full or closing says so, and nothing of the node. */
export const isRefusal = ({ outcome, httpStatus }: DispatchResponse): boolean =>
  outcome === 'retry' && httpStatus === 503

function backoffMs(attempts: number): number {
  return Math.min(BACKOFF_MS.max, BACKOFF_MS.min * 2 ** Math.min(10, Math.max(0, attempts - 1)))
}
