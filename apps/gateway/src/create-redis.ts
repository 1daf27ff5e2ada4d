/**
 * Connections to Redis that fail at once while it is away, instead of queueing commands: each caller has its own answer
 * to that (serve from the held lease, reload from Postgres, wait in the journal).
 */
import { Redis, type RedisOptions } from 'ioredis'
import type { Logger } from '@isochrone/runtime'

export function createRedis(url: string, logger: Logger, options: RedisOptions = {}): Redis {
  const redis = new Redis(url, {
    enableOfflineQueue: false,
    maxRetriesPerRequest: 0,
    commandTimeout: 1_000,
    connectTimeout: 2_000,
    retryStrategy: (times) => Math.min(times * 50, 1_000),
    ...options,
  })
  let away = false
  redis.on('error', (error) => {
    if (!away) logger.warn({ err: error }, 'Redis is away')
    away = true
  })
  redis.on('ready', () => {
    if (away) logger.info('Redis is back')
    away = false
  })
  return redis
}
