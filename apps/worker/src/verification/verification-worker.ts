/**
 * The BullMQ side of verification: a scheduler that looks for nodes that are due, on a queue of its own because a check takes
 * seconds. Postgres says which are due; a lost, late or doubled look changes nothing.
 */
import { redisKeys } from '@isochrone/protocol'
import type { Logger } from '@isochrone/runtime'
import {
  publishListings,
  verifyDueNodes,
  type PublishDeps,
  type PublishPlace,
  type VerifyDeps,
} from '@isochrone/services'
import { Queue, Worker } from 'bullmq'

const QUEUE = redisKeys.queueVerification
const RESCHEDULE_MS = 30_000
const LOCK_MS = 120_000

export async function startVerificationWorker(
  options: VerifyDeps & {
    store: PublishDeps['store']
    redisUrl: string
    everyMs: number
    logger: Logger
  },
): Promise<{ close(): Promise<void> }> {
  const { redisUrl, everyMs, logger } = options
  const queue = new Queue(QUEUE, { connection: { url: redisUrl, maxRetriesPerRequest: 1 } })
  queue.on('error', (error) => logger.debug({ err: error }, 'the verification queue lost Redis'))

  const place: PublishPlace = { after: null }
  async function look(): Promise<void> {
    const { checked, failed } = await verifyDueNodes(options)
    if (checked > 0) logger.info({ checked, failed }, 'nodes were checked')
    const published = await publishListings(options, place)
    if (published > 0) logger.info({ published }, 'listings go to the market')
  }

  const worker = new Worker(QUEUE, look, {
    connection: { url: redisUrl, maxRetriesPerRequest: null },
    concurrency: 1,
    lockDuration: LOCK_MS,
    stalledInterval: LOCK_MS / 2,
    maxStalledCount: 1_000_000,
  })
  worker.on('error', (error) => logger.debug({ err: error }, 'the verification worker lost Redis'))
  worker.on('failed', (_, error) => logger.warn({ err: error }, 'a round of checks failed; it comes again'))

  const schedule = () =>
    queue.upsertJobScheduler(
      'look',
      { every: everyMs },
      { name: 'look', opts: { removeOnComplete: true, removeOnFail: true } },
    )
  await schedule()
  const timer = setInterval(() => void schedule().catch(() => {}), RESCHEDULE_MS)
  return {
    async close() {
      clearInterval(timer)
      await worker.close()
      await queue.close()
    },
  }
}
