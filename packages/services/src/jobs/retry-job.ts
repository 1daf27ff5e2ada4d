/**
 * A failed job once more, as a new job with the same request. However often it is asked for, a failed job has one repetition:
 * the row of the new one names the old one, and no two rows may name the same.
 */
import { AppError, type Clock } from '@isochrone/domain'
import type { JobQueue, JobRows } from '../ports/job-store.ts'
import { AlreadyRepeated, enqueueJob, JOB_DEADLINE_MS, type EnqueueJobInput } from './enqueue-job.ts'

export interface RetryDeps {
  jobs: Pick<JobRows, 'get' | 'insert' | 'retryOf'>
  queue: JobQueue
  clock: Clock
}

/** The id of the repetition. Throws `not_found`, or `state_conflict` where it has not failed or was erased. */
export async function retryJob(deps: RetryDeps, orgId: string, jobId: string): Promise<{ id: string }> {
  const job = await deps.jobs.get(jobId, orgId)
  if (!job) throw new AppError('not_found', { publicMessage: 'There is no such job.', field: 'jobId' })
  if (job.status !== 'failed' || job.erasedAt !== null) {
    const why = job.erasedAt !== null ? 'Its request was erased.' : `It is ${job.status}.`
    throw new AppError('state_conflict', { publicMessage: `Only a failed job can be tried again. ${why}` })
  }
  if (job.kind === 'batch') {
    const publicMessage = 'A line of a batch is not tried again by itself: send it in another batch.'
    throw new AppError('state_conflict', { publicMessage })
  }
  const earlier = await deps.jobs.retryOf(jobId, orgId)
  if (earlier) return { id: earlier.id }
  const { keyId, kind, path, model, body, source, deadlineAt, createdAt } = job
  const input: EnqueueJobInput = {
    orgId,
    keyId,
    kind,
    path: path as EnqueueJobInput['path'],
    model,
    body: body as Record<string, unknown>,
    ...(source !== null && { source: source as Record<string, unknown> }),
    deadlineMs: deadlineAt === null ? JOB_DEADLINE_MS : deadlineAt.getTime() - createdAt.getTime(),
    retryOf: jobId,
  }
  try {
    return { id: (await enqueueJob(deps, input)).id }
  } catch (error) {
    if (!(error instanceof AlreadyRepeated)) throw error
    const other = await deps.jobs.retryOf(jobId, orgId)
    if (!other) throw error
    return { id: other.id }
  }
}
