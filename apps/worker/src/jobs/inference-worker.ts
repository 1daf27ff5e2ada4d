/**
 * The BullMQ side of queued inference: a thin shell that looks at a job and says when to look again.
 *
 * Idempotency lives in the row and at the gateway, never in the queue: a job may be delivered any number of times.
 */
import { redisKeys } from '@isochrone/protocol'
import type { Logger } from '@isochrone/runtime'
import { startWakeWorker } from '@isochrone/runtime/wake-queue'
import { runJob, type RunJobDeps } from '@isochrone/services'

/** Jobs under way at once in this worker. */
const CONCURRENCY = 64

export function startInferenceWorker(
  deps: RunJobDeps & { redisUrl: string; logger: Logger; queueName?: string; concurrency?: number },
) {
  const { redisUrl, logger, queueName = redisKeys.queueInference, concurrency = CONCURRENCY } = deps
  return startWakeWorker({
    redisUrl,
    name: queueName,
    logger,
    concurrency,
    async look(jobId) {
      const result = await runJob(deps, jobId)
      if (result.kind === 'again') logger.debug({ jobId, reason: result.reason }, 'a job waits')
      return result
    },
  })
}
