/**
 * The BullMQ side of batches: looks at batches, and at their lines in a queue of their own, so that no line ever takes a turn
 * of a job for which somebody waits. What a batch is stands in its rows; queues that lost theirs are filled by the sweep.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { redisKeys } from '@isochrone/protocol'
import type { Store } from '@isochrone/db'
import type { Logger } from '@isochrone/runtime'
import { openWakeQueue, startWakeWorker } from '@isochrone/runtime/wake-queue'
import { advanceBatch, sweepBatches, type RunJobDeps } from '@isochrone/services'
import { startInferenceWorker } from '../jobs/inference-worker.ts'

/** Batches looked at, and lines under way, at once in this worker. */
const CONCURRENCY = 4
const LINES = 32
const FAILED_AGAIN_MS = 2_000
const SWEEP_MS = 5_000

export interface BatchWorkerDeps extends Omit<RunJobDeps, 'jobs' | 'batches'> {
  store: Store
  redisUrl: string
  logger: Logger
  announceCancelled?: (jobId: string) => Promise<void>
}

export function startBatchWorker(deps: BatchWorkerDeps): { close(force?: boolean): Promise<void> } {
  const { store, redisUrl, logger, fleet, clock, announceCancelled } = deps
  const queue = openWakeQueue({ redisUrl, name: redisKeys.queueBatches, logger })
  const lines = openWakeQueue({ redisUrl, name: redisKeys.queueBatchLines, logger })
  const advance = { store, queue: lines, fleet, clock, ...(announceCancelled && { announceCancelled }) }

  const worker = startWakeWorker({
    redisUrl,
    name: redisKeys.queueBatches,
    logger,
    concurrency: CONCURRENCY,
    failedAgainMs: FAILED_AGAIN_MS,
    look: (batchId) => advanceBatch(advance, batchId),
  })
  const lineWorker = startInferenceWorker({
    ...deps,
    jobs: store.jobs,
    batches: { outOfMoney: (id, now) => store.batches.outOfMoney(id, now), sleep: (ms) => sleep(ms) },
    queueName: redisKeys.queueBatchLines,
    concurrency: LINES,
  })
  let sweeping = false
  const timer = setInterval(() => {
    if (sweeping) return
    sweeping = true
    sweepBatches({ batches: store.batches, files: store.files, queue, lines, clock })
      .catch((error: unknown) => logger.debug({ err: error }, 'batches are swept later'))
      .finally(() => (sweeping = false))
  }, SWEEP_MS)
  return {
    async close(force = false) {
      clearInterval(timer)
      await Promise.all([worker.close(force), lineWorker.close(force)])
      await Promise.all([queue.close(), lines.close()])
    },
  }
}
