/** Connections to Redis that come back by themselves. A command that finds none fails, and its round is tried again. */
import { Redis } from 'ioredis'
import type { Logger } from '@isochrone/runtime'

/** `blocking` is for a connection that waits in a stream read: it has no time limit for a command. */
export function createRedis(url: string, logger: Logger, { blocking = false } = {}): Redis {
  const redis = new Redis(url, {
    enableOfflineQueue: false,
    maxRetriesPerRequest: 0,
    connectTimeout: 2_000,
    retryStrategy: (times) => Math.min(times * 50, 1_000),
    ...(!blocking && { commandTimeout: 10_000 }),
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
