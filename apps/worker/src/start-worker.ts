/** Wires the worker: receipts stream, inference queue, rounds, control outbox. Everything it does may be done twice. */
import { hostname } from 'node:os'
import { systemClock } from '@isochrone/domain'
import { assertDeploymentMatches, chainProfileOf, readDeployment } from '@isochrone/contracts-client'
import { createDb, createStore, isDataError } from '@isochrone/db'
import { redisKeys } from '@isochrone/protocol'
import { EnvError, type Logger, type Shutdown, type WorkerEnv } from '@isochrone/runtime'
import { openWakeQueue } from '@isochrone/runtime/wake-queue'
import { ingestReceiptEntries, redisLiveState } from '@isochrone/services'
import { createChain } from './chain/create-chain.ts'
import { pendingTransactions } from './chain/pending-transactions.ts'
import { createRedis } from './create-redis.ts'
import { consumeReceipts } from './receipts/consume-receipts.ts'
import { gatewayEpochs } from './rounds/gateway-epochs.ts'
import { startRounds } from './rounds/start-rounds.ts'
import { workerRounds } from './rounds/worker-rounds.ts'
import { keepRedisTold } from './start/keep-redis-told.ts'
import { startQueueWorkers } from './start/start-queue-workers.ts'
import { startUpkeep } from './start/start-upkeep.ts'

export interface StartWorkerOptions {
  env: WorkerEnv
  logger: Logger
  /** Stop steps are registered here as parts come up. */
  shutdown: Shutdown
}

const DRAIN_MS_MAX = 10_000

export async function startWorker({ env, logger, shutdown }: StartWorkerOptions): Promise<void> {
  const deployment = await readDeployment(env.DEPLOYMENT_FILE)
  if (!deployment) throw new EnvError(`DEPLOYMENT_FILE: there is no deployment at ${env.DEPLOYMENT_FILE}`)
  const db = createDb(env.DATABASE_URL, { connectionsMax: 12 })
  const store = createStore(db)
  shutdown.onShutdown('database', () => db.$disconnect())
  const chain = createChain({
    rpcUrl: env.CHAIN_RPC_URL,
    deployment,
    operatorKey: env.OPERATOR_KEY,
    managedWalletKey: env.MANAGED_WALLET_KEY,
    profile: chainProfileOf(env, deployment),
    pending: pendingTransactions(store.pendingTransactions),
  })
  await assertDeploymentMatches(chain.reader.publicClient, deployment)

  const redis = createRedis(env.REDIS_URL, logger)
  const streamRedis = createRedis(env.REDIS_URL, logger, { blocking: true })
  shutdown.onShutdown('redis', () => [redis, streamRedis].forEach((connection) => connection.disconnect()))
  const live = redisLiveState(redis)

  const publishControl = keepRedisTold({ store, redis, logger, shutdown })

  const receipts = consumeReceipts({
    redis: streamRedis,
    ingest: (entries) => ingestReceiptEntries({ store, clock: systemClock, isDataError }, entries),
    consumer: `${hostname()}-${env.DATA_DIR}`,
    logger,
  })
  shutdown.onShutdown('receipts', () => receipts.stop(), DRAIN_MS_MAX)

  const gateways = { gatewayUrls: env.GATEWAY_URLS, internalToken: env.INTERNAL_TOKEN }
  const openQueue = (name: string) => {
    const opened = openWakeQueue({ redisUrl: env.REDIS_URL, name, logger })
    shutdown.onShutdown(`queue ${name}`, () => opened.close())
    return opened
  }
  const queue = openQueue(redisKeys.queueInference)
  const webhooks = openQueue(redisKeys.queueWebhooks)
  const leases = openQueue(redisKeys.queueLeases)
  const rounds = await startRounds({
    redisUrl: env.REDIS_URL,
    rounds: workerRounds({
      store,
      chain,
      redis,
      queue,
      webhooks,
      leases,
      meterMs: env.LEASE_METER_MS,
      epochMs: env.EPOCH_MS,
      gateways: gatewayEpochs(gateways),
      gatewayUrls: env.GATEWAY_URLS,
      mirrorUrls: env.EPOCH_MIRROR_URLS,
      withheldAfterS: env.WITHHELD_AFTER_S,
      publishControl,
      logger,
    }),
    logger,
  })
  shutdown.onShutdown('rounds', () => rounds.stop(), DRAIN_MS_MAX)

  await startQueueWorkers({ env, store, redis, live, logger, shutdown })
  await startUpkeep({ env, store, redis, live, receipts, logger, shutdown })
  logger.info({ chainId: deployment.chainId, gateways: env.GATEWAY_URLS }, 'working')
}
