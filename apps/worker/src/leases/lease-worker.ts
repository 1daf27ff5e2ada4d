/**
 * The BullMQ side of leases: a thin shell that looks at a lease and says when to look again. What a lease is stands in its
 * row; a queue that lost its jobs gets them back by the sweep.
 */
import { redisKeys } from '@isochrone/protocol'
import type { Logger } from '@isochrone/runtime'
import { startWakeWorker } from '@isochrone/runtime/wake-queue'
import { advanceLease, type LeaseDeps } from '@isochrone/services'

const CONCURRENCY = 32
/** Redis, Postgres or a row of another version: the lease is looked at again, and holds what it holds. */
const FAILED_AGAIN_MS = 2_000

export function startLeaseWorker(deps: LeaseDeps & { redisUrl: string; logger: Logger }) {
  return startWakeWorker({
    redisUrl: deps.redisUrl,
    name: redisKeys.queueLeases,
    logger: deps.logger,
    concurrency: CONCURRENCY,
    failedAgainMs: FAILED_AGAIN_MS,
    look: (leaseId) => advanceLease(deps, leaseId),
  })
}
