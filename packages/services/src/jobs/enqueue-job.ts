/**
 * Accepts a request for later: the row is the promise, the queue only says when to look at it.
 *
 * When Redis is away the job is accepted all the same; the worker's sweep finds it.
 */
import { newId, type Clock } from '@isochrone/domain'
import type { JobKind, JobQueue, JobRows } from '../ports/job-store.ts'
import type { JobState } from './get-job.ts'

export interface EnqueueDeps {
  jobs: Pick<JobRows, 'insert'>
  queue: JobQueue
  clock: Clock
}

export interface EnqueueJobInput {
  orgId: string
  keyId: string | null
  /** Why it waits; `queued` where nothing is said. */
  kind?: JobKind
  path: '/v1/chat/completions' | '/v1/completions'
  model: string
  /** The OpenAI request as it was checked, streaming off. */
  body: Record<string, unknown>
  /** The Responses request that it was made from. */
  source?: Record<string, unknown>
  /** From now, ms; an hour when none is given. */
  deadlineMs?: number
  /** The failed job that it repeats: a job is repeated once. */
  retryOf?: string
}

export const JOB_DEADLINE_MS = 3_600_000
/** A gateway remembers for as long what became of a job. */
export const JOB_DEADLINE_MS_MAX = 86_400_000
const ATTEMPTS_MAX = 8

/** Throws `state_conflict` where `retryOf` is repeated already. */
export async function enqueueJob(deps: EnqueueDeps, input: EnqueueJobInput): Promise<JobState> {
  const id = newId('job')
  const requestId = newId('req')
  const { deadlineMs = JOB_DEADLINE_MS, kind = 'queued', source = null, retryOf = null, ...job } = input
  const nowMs = deps.clock.nowMs()
  const deadlineAt = new Date(nowMs + Math.min(deadlineMs, JOB_DEADLINE_MS_MAX))
  const row = { ...job, kind, source, retryOf, id, requestId, attemptsMax: ATTEMPTS_MAX, deadlineAt }
  if (!(await deps.jobs.insert(row))) throw new AlreadyRepeated()
  await deps.queue.add(id).catch(() => {})
  return {
    id,
    requestId,
    kind,
    model: job.model,
    status: 'queued',
    createdAtMs: nowMs,
    finishedAtMs: null,
    deadlineAtMs: deadlineAt.getTime(),
    httpStatus: null,
    source,
    body: job.body,
    answer: null,
    error: null,
    erased: false,
  }
}

/** Somebody else has repeated the job a moment ago. */
export class AlreadyRepeated extends Error {
  override readonly name = 'AlreadyRepeated'
}
