/** The placing of queued jobs alone, as a process of its own: for tests of those who wait for what a worker makes of them. */
import { systemClock } from '@isochrone/domain'
import { createDb, createStore } from '@isochrone/db'
import { createLogger, createShutdown, loadEnv, runMain, workerEnv } from '@isochrone/runtime'
import { createJobFleet, redisLiveState } from '@isochrone/services'
import { redisKeys } from '@isochrone/protocol'
import { startBatchWorker } from '../batches/batch-worker.ts'
import { createRedis } from '../create-redis.ts'
import { dispatchToGateway } from '../jobs/dispatch-to-gateway.ts'
import { fleetSource } from '../jobs/fleet-source.ts'
import { startInferenceWorker } from '../jobs/inference-worker.ts'

const settings = workerEnv.pick({
  ISOCHRONE_ENVIRONMENT: true,
  LOG_LEVEL: true,
  DATABASE_URL: true,
  REDIS_URL: true,
  GATEWAY_URLS: true,
  INTERNAL_TOKEN: true,
})

runMain('inference', async () => {
  const env = loadEnv(settings)
  const logger = createLogger('inference', env.LOG_LEVEL)
  const shutdown = createShutdown({ logger })
  const db = createDb(env.DATABASE_URL, { connectionsMax: 2 })
  const store = createStore(db)
  shutdown.onShutdown('database', () => db.$disconnect())
  const redis = createRedis(env.REDIS_URL, logger)
  shutdown.onShutdown('redis', () => redis.disconnect())
  const worker = startInferenceWorker({
    jobs: store.jobs,
    fleet: fleetSource({ store, live: redisLiveState(redis) }),
    gateway: dispatchToGateway({ gatewayUrls: env.GATEWAY_URLS, internalToken: env.INTERNAL_TOKEN }),
    pools: createJobFleet(),
    clock: systemClock,
    redisUrl: env.REDIS_URL,
    logger,
  })
  shutdown.onShutdown('inference', () => worker.close(true))
  const batches = startBatchWorker({
    store,
    fleet: fleetSource({ store, live: redisLiveState(redis) }),
    gateway: dispatchToGateway({ gatewayUrls: env.GATEWAY_URLS, internalToken: env.INTERNAL_TOKEN }),
    pools: createJobFleet(),
    clock: systemClock,
    redisUrl: env.REDIS_URL,
    logger,
    announceCancelled: async (jobId) => void (await redis.set(redisKeys.jobCancelled(jobId), '1', 'EX', 900)),
  })
  shutdown.onShutdown('batches', () => batches.close(true))
})
