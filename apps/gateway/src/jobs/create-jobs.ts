/**
 * Queued work as the gateway's API needs it: the services' use-cases on Postgres and the BullMQ queue.
 *
 * The row is the promise; the queue only wakes the worker, and its sweep finds what Redis could not be told.
 */
import { systemClock } from '@isochrone/domain'
import type { Store } from '@isochrone/db'
import { redisKeys } from '@isochrone/protocol'
import type { Logger } from '@isochrone/runtime'
import { openWakeQueue } from '@isochrone/runtime/wake-queue'
import { cancelJob, enqueueJob, eraseJob, getJob } from '@isochrone/services'
import type { Redis } from 'ioredis'
import type { ControlView } from '../control/control-state.ts'
import { requireStoreInside, type Place } from '../control/residency.ts'
import type { Jobs } from '../http/gateway-deps.ts'
import { createJobCancellations } from './job-cancellations.ts'
import { createJobProgress } from './job-progress.ts'

export interface JobsOptions {
  store: Pick<Store, 'jobs'>
  redisUrl: string
  /** For what a running job tells and is told. */
  redis: Redis
  control: Pick<ControlView, 'organisation'>
  /** Where Postgres and Redis are: they hold prompts and answers of queued work. */
  place: Place
  logger: Logger
}

export function createJobs({
  store,
  redisUrl,
  redis,
  control,
  place,
  logger,
}: JobsOptions): Jobs & { close(): Promise<void> } {
  const queue = openWakeQueue({ redisUrl, name: redisKeys.queueInference, logger, whenAway: 'fail' })
  const cancellations = createJobCancellations(redis)
  const progress = createJobProgress(redis, logger)
  const deps = {
    jobs: store.jobs,
    queue,
    clock: systemClock,
    announceCancelled: (jobId: string) => cancellations.announce(jobId),
  }
  function requireInside(orgId: string): void {
    const organisation = control.organisation(orgId)
    if (organisation) requireStoreInside(organisation, place)
  }

  return {
    requireInside,
    async enqueue(input) {
      requireInside(input.orgId)
      return enqueueJob(deps, input)
    },
    get: (orgId, jobId) => getJob(store.jobs, orgId, jobId),
    status: (jobId) => store.jobs.status(jobId),
    cancel: (orgId, jobId) => cancelJob(deps, orgId, jobId),
    async erase(orgId, jobId) {
      await eraseJob(deps, orgId, jobId)
      await progress.erase(jobId).catch(() => {})
    },
    progress,
    cancellations,
    async close() {
      cancellations.stop()
      await queue.close()
    },
  }
}
