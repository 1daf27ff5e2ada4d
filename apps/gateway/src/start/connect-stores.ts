/** What a gateway keeps outside itself: Redis, where its journal is published, and Postgres for queued work and introductions. */
import { createDb, createStore, sayBusyOfCalls } from '@isochrone/db'
import type { GatewayEnv, Logger, Shutdown } from '@isochrone/runtime'
import type { Redis } from 'ioredis'
import { createRedis } from '../create-redis.ts'
import type { Journal } from '../journal/journal.ts'
import { startPublisher } from '../journal/start-publisher.ts'

/** How long whoever asks about queued work waits for others in the database before being told so. */
const databasePatience = { connectionWaitMsMax: 5_000, lockWaitMsMax: 5_000 }

export interface Stores {
  redis: Redis
  /** Waits in its calls, so it is a connection of its own. */
  controlRedis: Redis
  store: ReturnType<typeof createStore>
}

export interface ConnectStoresInput {
  env: Pick<GatewayEnv, 'REDIS_URL' | 'DATABASE_URL'>
  journal: Journal
  logger: Logger
  shutdown: Shutdown
}

/** Publishing begins at once; nothing of this is waited for, since the gateway serves while either is away. */
export async function connectStores({ env, journal, logger, shutdown }: ConnectStoresInput): Promise<Stores> {
  const redis = createRedis(env.REDIS_URL, logger)
  const publisherRedis = createRedis(env.REDIS_URL, logger, { commandMsMax: 10_000 })
  const controlRedis = createRedis(env.REDIS_URL, logger, { commandMsMax: 5_000 })
  shutdown.onShutdown('redis', () => {
    for (const connection of [redis, publisherRedis, controlRedis]) connection.disconnect()
  })
  const publisher = await startPublisher({ journal, redis: publisherRedis, dir: journal.dir, logger })
  shutdown.onShutdown('publisher', () => publisher.stop())
  const db = createDb(env.DATABASE_URL, { connectionsMax: 4, ...databasePatience })
  shutdown.onShutdown('database', () => db.$disconnect())
  return { redis, controlRedis, store: sayBusyOfCalls(createStore(db)) }
}
