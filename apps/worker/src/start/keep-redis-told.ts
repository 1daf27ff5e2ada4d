/** What gateways hear from Redis: changes of control states, and limits, told anew to a Redis that was started afresh. */
import { systemClock } from '@isochrone/domain'
import type { Store } from '@isochrone/db'
import type { Logger, Shutdown } from '@isochrone/runtime'
import { publishBudgetLimits, publishControlEvents, publishKeyBudgets, redisControlStream } from '@isochrone/services'
import type { Redis } from 'ioredis'
import { budgetDeps } from '../rounds/budget-deps.ts'
import { every } from './every.ts'

const CONTROL_MS = 250

export interface KeepRedisToldOptions {
  store: Store
  redis: Redis
  logger: Logger
  shutdown: Shutdown
}

/** Returns what ships the control outbox at once. */
export function keepRedisTold({ store, redis, logger, shutdown }: KeepRedisToldOptions): () => Promise<void> {
  const publishControl = async () =>
    void (await publishControlEvents({ outbox: store.control, stream: redisControlStream(redis) }))
  const stopControl = every(CONTROL_MS, publishControl)
  shutdown.onShutdown('control outbox', stopControl)

  // A Redis that was started afresh must know the limits before anything is leased from them.
  const restoreBudgets = async () => {
    await publishBudgetLimits(budgetDeps({ store, redis }))
    await publishKeyBudgets({ ...store, redis, clock: systemClock })
  }
  redis.on('ready', () => void restoreBudgets().catch((error) => logger.debug({ err: error }, 'budgets come later')))
  return publishControl
}
