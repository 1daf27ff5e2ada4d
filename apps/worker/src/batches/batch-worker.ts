/**
 * The BullMQ side of batches: looks at batches, and at their lines in a queue of their own, so that no line ever takes a turn
 * of a job for which somebody waits. What a batch is stands in its rows; queues that lost theirs are filled by the sweep.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { redisKeys } from '@isochrone/protocol'
import type { Store } from '@isochrone/db'
import type { Logger } from '@isochrone/runtime'
import { advanceBatch, sweepBatches, type BatchQueue, type JobQueue, type RunJobDeps } from '@isochrone/services'
import { DelayedError, Queue, Worker, type Job } from 'bullmq'
import { z } from 'zod'
import { startInferenceWorker } from '../jobs/inference-worker.ts'

const data = z.object({ batchId: z.string() })
/** Batches looked at, and lines under way, at once in this worker. */
const CONCURRENCY = 4
const LINES = 32
/** A killed worker's batches are taken over after about this long, ms. */
const LOCK_MS = 10_000
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
  const queue = batchQueue(redisUrl, logger)
  const lines = lineQueue(redisUrl, logger)
  const advance = { store, queue: lines, fleet, clock, ...(announceCancelled && { announceCancelled }) }

  async function look(job: Job, token?: string): Promise<void> {
    const { batchId } = data.parse(job.data)
    const result = await advanceBatch(advance, batchId).catch((error: unknown) => {
      logger.warn({ err: error, batchId }, 'a look at a batch failed; it comes again')
      return { kind: 'again', delayMs: FAILED_AGAIN_MS } as const
    })
    if (result.kind === 'done') return
    await job.moveToDelayed(Date.now() + result.delayMs, token)
    throw new DelayedError()
  }

  const worker = new Worker(redisKeys.queueBatches, look, {
    connection: { url: redisUrl, maxRetriesPerRequest: null },
    concurrency: CONCURRENCY,
    lockDuration: LOCK_MS,
    stalledInterval: LOCK_MS / 2,
    maxStalledCount: 1_000_000,
  })
  worker.on('error', (error) => logger.debug({ err: error }, 'the queue of batches lost Redis'))
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

const opts = { removeOnComplete: true, removeOnFail: true } as const

function batchQueue(redisUrl: string, logger: Logger): BatchQueue & { close(): Promise<void> } {
  const queue = new Queue(redisKeys.queueBatches, { connection: { url: redisUrl, maxRetriesPerRequest: 1 } })
  queue.on('error', (error) => logger.debug({ err: error }, 'the queue of batches lost Redis'))
  return {
    addAll: async (ids) =>
      void (await queue.addBulk(
        ids.map((batchId) => ({ name: 'look', data: { batchId }, opts: { ...opts, jobId: batchId } })),
      )),
    close: () => queue.close(),
  }
}

function lineQueue(redisUrl: string, logger: Logger): Required<JobQueue> & { close(): Promise<void> } {
  const queue = new Queue(redisKeys.queueBatchLines, { connection: { url: redisUrl, maxRetriesPerRequest: 1 } })
  queue.on('error', (error) => logger.debug({ err: error }, 'the queue of lines lost Redis'))
  const addAll = async (jobIds: readonly string[]) =>
    void (await queue.addBulk(jobIds.map((jobId) => ({ name: 'run', data: { jobId }, opts: { ...opts, jobId } }))))
  return { add: (jobId) => addAll([jobId]), addAll, close: () => queue.close() }
}
