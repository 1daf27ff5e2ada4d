/** The BullMQ side of webhooks: a thin shell that makes an attempt and says when to make the next. The row has the truth. */
import { redisKeys } from '@isochrone/protocol'
import type { Logger } from '@isochrone/runtime'
import { startWakeWorker } from '@isochrone/runtime/wake-queue'
import { deliverWebhook, type DeliverDeps } from '@isochrone/services'

const CONCURRENCY = 16
/** An attempt may take as long as the other side's time limit, ms. */
const LOCK_MS = 30_000

export function startWebhookWorker(deps: DeliverDeps & { redisUrl: string; logger: Logger }) {
  return startWakeWorker({
    redisUrl: deps.redisUrl,
    name: redisKeys.queueWebhooks,
    logger: deps.logger,
    concurrency: CONCURRENCY,
    lockMs: LOCK_MS,
    look: (deliveryId) => deliverWebhook(deps, deliveryId),
  })
}
