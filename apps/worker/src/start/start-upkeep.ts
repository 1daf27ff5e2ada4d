/** Starts what is done beside queues and rounds: the market's figures, a word that all is well, and the operator's endpoint. */
import { systemClock } from '@isochrone/domain'
import type { Store } from '@isochrone/db'
import { createMetrics, startOps, type Logger, type Shutdown, type WorkerEnv } from '@isochrone/runtime'
import { createOfferUpkeep, type LiveState } from '@isochrone/services'
import type { Redis } from 'ioredis'
import { every } from './every.ts'

const HEALTH_MS = 60_000
const LIST_OFFERS_MS = 2_000
const MEASURE_OFFERS_MS = 15_000

export interface UpkeepOptions {
  env: WorkerEnv
  store: Store
  redis: Redis
  live: LiveState
  receipts: { stored(): number }
  logger: Logger
  shutdown: Shutdown
}

export async function startUpkeep(options: UpkeepOptions): Promise<void> {
  const { env, store, redis, live, receipts, logger, shutdown } = options
  // Beside the rounds: counting a large market's receipts takes seconds, and no settlement should wait for it.
  const offers = createOfferUpkeep({ offers: store.offerUpkeep, live, clock: systemClock })
  shutdown.onShutdown(
    'offers',
    every(LIST_OFFERS_MS, () => offers.list()),
  )
  shutdown.onShutdown(
    'figures of offers',
    every(MEASURE_OFFERS_MS, () => offers.measure()),
  )

  const stopHealth = every(HEALTH_MS, async () => {
    const backlog = await live.receiptsBacklog()
    logger.info({ entriesStored: receipts.stored(), backlog, redis: redis.status }, 'healthy')
  })
  shutdown.onShutdown('health', stopHealth)
  if (env.OPS_PORT !== undefined) {
    const metrics = createMetrics('worker')
    const stored = metrics.gauge('entries_stored', 'Receipt entries stored since this process started')
    const notReady = () => (redis.status === 'ready' ? null : `Redis is ${redis.status}`)
    const render = () => {
      stored.set(receipts.stored())
      return metrics.render()
    }
    const ops = await startOps({ host: env.OPS_HOST, port: env.OPS_PORT, notReady, metrics: { render } })
    shutdown.onShutdown('ops', () => ops.stop())
  }
}
