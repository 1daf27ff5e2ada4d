/** Puts open jobs back into the queue that it may have forgotten: Redis lost its data, or was away when they came. */
import type { Clock } from '@isochrone/domain'
import type { JobQueue, JobRows } from '../ports/job-store.ts'

/** Younger jobs are most likely on their way. */
const AGE_MS_MIN = 5_000
const JOBS_A_SWEEP = 5_000
const JOBS_A_COMMAND = 500

export async function sweepJobs(deps: {
  jobs: Pick<JobRows, 'openBefore'>
  queue: JobQueue
  clock: Clock
}): Promise<number> {
  const ids = await deps.jobs.openBefore(new Date(deps.clock.nowMs() - AGE_MS_MIN), JOBS_A_SWEEP)
  if (!deps.queue.addAll) {
    for (const id of ids) await deps.queue.add(id)
    return ids.length
  }
  for (let from = 0; from < ids.length; from += JOBS_A_COMMAND) {
    await deps.queue.addAll(ids.slice(from, from + JOBS_A_COMMAND))
  }
  return ids.length
}
