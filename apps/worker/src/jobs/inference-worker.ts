/**
 * The BullMQ side of queued inference: a thin shell that looks at a job and says when to look again.
 *
 * Idempotency lives in the row and at the gateway, never in the queue: a job may be delivered any number of times.
 */
import { redisKeys } from '@isochrone/protocol'
import type { Logger } from '@isochrone/runtime'
import { runJob, type JobQueue, type RunJobDeps } from '@isochrone/services'
import { DelayedError, Queue, Worker, type Job } from 'bullmq'
import { z } from 'zod'

const jobData = z.object({ jobId: z.string() })
/** Jobs under way at once in this worker. */
const CONCURRENCY = 64
/** A killed worker's jobs are taken over after about this long, ms. */
const LOCK_MS = 10_000

export function startInferenceWorker(
  deps: RunJobDeps & { redisUrl: string; logger: Logger; queueName?: string; concurrency?: number },
) {
  const { redisUrl, logger, queueName = redisKeys.queueInference, concurrency = CONCURRENCY } = deps

  async function look(job: Job, token?: string): Promise<void> {
    const { jobId } = jobData.parse(job.data)
    const result = await runJob(deps, jobId)
    if (result.kind === 'done') return
    logger.debug({ jobId, reason: result.reason }, 'a job waits')
    await job.moveToDelayed(Date.now() + result.delayMs, token)
    throw new DelayedError()
  }

  const worker = new Worker(queueName, look, {
    connection: { url: redisUrl, maxRetriesPerRequest: null },
    concurrency,
    lockDuration: LOCK_MS,
    stalledInterval: LOCK_MS / 2,
    // However often workers die, the row decides when a job is over.
    maxStalledCount: 1_000_000,
  })
  worker.on('error', (error) => logger.debug({ err: error }, 'the inference queue lost Redis'))
  worker.on('failed', (job, error) => logger.error({ err: error, jobId: job?.data }, 'a look at a job failed'))
  return worker
}

/** The queue's producer side. A job that is there already is not added again. */
export function inferenceQueue(redisUrl: string, logger: Logger): JobQueue & { close(): Promise<void> } {
  const queue = new Queue(redisKeys.queueInference, { connection: { url: redisUrl, maxRetriesPerRequest: 1 } })
  queue.on('error', (error) => logger.debug({ err: error }, 'the inference queue lost Redis'))
  return {
    add: async (jobId) =>
      void (await queue.add('run', { jobId }, { jobId, removeOnComplete: true, removeOnFail: true })),
    addAll: async (jobIds) => {
      const opts = { removeOnComplete: true, removeOnFail: true } as const
      await queue.addBulk(jobIds.map((jobId) => ({ name: 'run', data: { jobId }, opts: { ...opts, jobId } })))
    },
    close: () => queue.close(),
  }
}
