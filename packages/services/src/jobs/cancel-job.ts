/** Cancels a job that is not over. What a node has already delivered is paid; its answer is dropped. */
import { AppError, type Clock } from '@isochrone/domain'
import type { JobRows } from '../ports/job-store.ts'
import { getJob, type JobState } from './get-job.ts'

export interface CancelDeps {
  jobs: Pick<JobRows, 'get' | 'finish'>
  clock: Clock
  /** Tells the gateway that runs it. Where it cannot, the node goes on to its end. */
  announceCancelled?: (jobId: string) => Promise<void>
}

/** Throws `not_found`, or `state_conflict` when it was over already. */
export async function cancelJob(deps: CancelDeps, orgId: string, jobId: string): Promise<JobState> {
  const before = await getJob(deps.jobs, orgId, jobId)
  if (!before) throw new AppError('not_found', { publicMessage: 'There is no such job.', field: 'jobId' })
  const now = new Date(deps.clock.nowMs())
  const end = { status: 'cancelled', httpStatus: null, answer: null, error: 'Cancelled by its owner.', now } as const
  if (!(await deps.jobs.finish(jobId, end))) {
    const after = await getJob(deps.jobs, orgId, jobId)
    throw new AppError('state_conflict', { publicMessage: `Cannot cancel what is already ${after?.status ?? 'gone'}.` })
  }
  await deps.announceCancelled?.(jobId).catch(() => {})
  return { ...before, status: 'cancelled', error: end.error, finishedAtMs: now.getTime() }
}
