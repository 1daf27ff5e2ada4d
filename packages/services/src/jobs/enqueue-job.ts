/**
 * Accepts a request for later: the row is the promise, the queue only says when to look at it.
 *
 * When Redis is away the job is accepted all the same; the worker's sweep finds it.
 */
import { newId, type Clock } from '@isochrone/domain'
import type { JobQueue, JobRows } from '../ports/job-store.ts'

export interface EnqueueDeps {
  jobs: Pick<JobRows, 'insert'>
  queue: JobQueue
  clock: Clock
}

export interface EnqueueJobInput {
  orgId: string
  keyId: string | null
  path: '/v1/chat/completions' | '/v1/completions'
  model: string
  /** The OpenAI request as it was checked, streaming off. */
  body: Record<string, unknown>
  /** From now, ms; an hour when none is given. */
  deadlineMs?: number
}

const DEADLINE_MS = 3_600_000
const ATTEMPTS_MAX = 8

export async function enqueueJob(
  deps: EnqueueDeps,
  input: EnqueueJobInput,
): Promise<{ id: string; requestId: string }> {
  const id = newId('job')
  const requestId = newId('req')
  const { deadlineMs = DEADLINE_MS, ...job } = input
  const deadlineAt = new Date(deps.clock.nowMs() + deadlineMs)
  await deps.jobs.insert({ ...job, id, requestId, attemptsMax: ATTEMPTS_MAX, deadlineAt })
  await deps.queue.add(id).catch(() => {})
  return { id, requestId }
}
