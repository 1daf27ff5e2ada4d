/**
 * The BullMQ side of leases: a thin shell that looks at a lease and says when to look again. What a lease is stands in its
 * row; a queue that lost its jobs gets them back by the sweep.
 */
import { redisKeys } from '@isochrone/protocol'
import type { Logger } from '@isochrone/runtime'
import { advanceLease, type LeaseDeps, type LeaseQueue } from '@isochrone/services'
import { DelayedError, Queue, Worker, type Job } from 'bullmq'
import { z } from 'zod'

const jobData = z.object({ leaseId: z.string() })
const CONCURRENCY = 32
/** A killed worker's leases are taken over after about this long, ms. */
const LOCK_MS = 10_000
const FAILED_AGAIN_MS = 2_000

export function startLeaseWorker(deps: LeaseDeps & { redisUrl: string; logger: Logger }) {
  const { redisUrl, logger } = deps

  async function look(job: Job, token?: string): Promise<void> {
    const { leaseId } = jobData.parse(job.data)
    const result = await advanceLease(deps, leaseId).catch((error: unknown) => {
      // Redis, Postgres or a row of another version: the lease is looked at again, and holds what it holds.
      logger.warn({ err: error, leaseId }, 'a look at a lease failed; it comes again')
      return { kind: 'again', delayMs: FAILED_AGAIN_MS } as const
    })
    if (result.kind === 'done') return
    await job.moveToDelayed(Date.now() + result.delayMs, token)
    throw new DelayedError()
  }

  const worker = new Worker(redisKeys.queueLeases, look, {
    connection: { url: redisUrl, maxRetriesPerRequest: null },
    concurrency: CONCURRENCY,
    lockDuration: LOCK_MS,
    stalledInterval: LOCK_MS / 2,
    // However often workers die, the row decides when a lease is over.
    maxStalledCount: 1_000_000,
  })
  worker.on('error', (error) => logger.debug({ err: error }, 'the leases queue lost Redis'))
  return worker
}

/** The queue's producer side. A lease that is there already is not added again. */
export function leaseQueue(redisUrl: string, logger: Logger): LeaseQueue & { close(): Promise<void> } {
  const queue = new Queue(redisKeys.queueLeases, { connection: { url: redisUrl, maxRetriesPerRequest: 1 } })
  queue.on('error', (error) => logger.debug({ err: error }, 'the leases queue lost Redis'))
  return {
    addAll: async (leaseIds) => {
      const opts = { removeOnComplete: true, removeOnFail: true } as const
      await queue.addBulk(
        leaseIds.map((leaseId) => ({ name: 'look', data: { leaseId }, opts: { ...opts, jobId: leaseId } })),
      )
    },
    close: () => queue.close(),
  }
}
