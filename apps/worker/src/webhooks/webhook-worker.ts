/** The BullMQ side of webhooks: a thin shell that makes an attempt and says when to make the next. The row has the truth. */
import { redisKeys } from '@isochrone/protocol'
import type { Logger } from '@isochrone/runtime'
import { deliverWebhook, type DeliverDeps, type WebhookQueue } from '@isochrone/services'
import { DelayedError, Queue, Worker, type Job } from 'bullmq'
import { z } from 'zod'

const deliveryData = z.object({ id: z.string() })
const CONCURRENCY = 16
const LOCK_MS = 30_000

export function startWebhookWorker(deps: DeliverDeps & { redisUrl: string; logger: Logger }) {
  const { redisUrl, logger } = deps

  async function attempt(job: Job, token?: string): Promise<void> {
    const { id } = deliveryData.parse(job.data)
    const result = await deliverWebhook(deps, id)
    if (result.kind === 'done') return
    await job.moveToDelayed(Date.now() + result.delayMs, token)
    throw new DelayedError()
  }

  const worker = new Worker(redisKeys.queueWebhooks, attempt, {
    connection: { url: redisUrl, maxRetriesPerRequest: null },
    concurrency: CONCURRENCY,
    lockDuration: LOCK_MS,
    stalledInterval: LOCK_MS / 2,
    maxStalledCount: 1_000_000,
  })
  worker.on('error', (error) => logger.debug({ err: error }, 'the webhook queue lost Redis'))
  worker.on('failed', (job, error) => logger.error({ err: error, delivery: job?.data }, 'a webhook could not be tried'))
  return worker
}

/** The producer side. A delivery that is there already is not added again. */
export function webhookQueue(redisUrl: string, logger: Logger): WebhookQueue & { close(): Promise<void> } {
  const queue = new Queue(redisKeys.queueWebhooks, { connection: { url: redisUrl, maxRetriesPerRequest: 1 } })
  queue.on('error', (error) => logger.debug({ err: error }, 'the webhook queue lost Redis'))
  return {
    async addAll(ids) {
      const opts = { removeOnComplete: true, removeOnFail: true } as const
      await queue.addBulk(ids.map((id) => ({ name: 'deliver', data: { id }, opts: { ...opts, jobId: id } })))
    },
    close: () => queue.close(),
  }
}
