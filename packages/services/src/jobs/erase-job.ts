/**
 * Takes prompt and answer out of a job for good; one that is not over is cancelled first. What it cost stays on record: the
 * receipts hold salted hashes, no text.
 */
import { AppError, toAppError } from '@isochrone/domain'
import type { JobRows } from '../ports/job-store.ts'
import { cancelJob, type CancelDeps } from './cancel-job.ts'

/** Throws `not_found` where there is none, or it is erased already. */
export async function eraseJob(
  deps: CancelDeps & { jobs: Pick<JobRows, 'get' | 'finish' | 'erase'> },
  orgId: string,
  jobId: string,
): Promise<void> {
  await cancelJob(deps, orgId, jobId).catch((error: unknown) => {
    // Over already: nothing to cancel.
    if (toAppError(error).code !== 'state_conflict') throw error
  })
  if (!(await deps.jobs.erase(jobId, orgId, new Date(deps.clock.nowMs())))) {
    throw new AppError('not_found', { publicMessage: 'There is no such job.', field: 'jobId' })
  }
}
