/** Closes the epoch when a message on Redis asks for it: `npm run epochs:close` reaches every gateway this way. */
import { redisKeys } from '@isochrone/protocol'
import type { Logger } from '@isochrone/runtime'
import type { Redis } from 'ioredis'
import type { GatewayLane } from './gateway-lane.ts'

export interface EpochCloseListenerOptions {
  /** Any connection; the subscription gets its own. */
  redis: Redis
  lane: Pick<GatewayLane, 'closeEpoch'>
  logger: Logger
}

/** Resolves at once; the subscription comes back by itself after Redis was away. */
export async function listenForEpochClose({ redis, lane, logger }: EpochCloseListenerOptions) {
  const subscriber = redis.duplicate({
    maxRetriesPerRequest: null,
    enableOfflineQueue: true,
    commandTimeout: undefined,
  })
  subscriber.on('error', (error) => logger.warn({ err: error }, 'the epoch-close subscription lost Redis'))
  subscriber.on('message', () => {
    lane.closeEpoch().catch((error: unknown) => logger.error({ err: error }, 'the epoch could not be closed'))
  })
  subscriber.subscribe(redisKeys.closeEpoch).catch((error: unknown) => {
    logger.warn({ err: error }, 'the epoch-close subscription failed')
  })
  return {
    stop: async (): Promise<void> => subscriber.disconnect(),
  }
}
