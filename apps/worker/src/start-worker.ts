/** Wires the worker: receipts stream, inference queue, rounds, control outbox. Everything it does may be done twice. */
import { randomInt } from 'node:crypto'
import { hostname } from 'node:os'
import { systemClock } from '@isochrone/domain'
import { assertDeploymentMatches, chainProfileOf, readDeployment } from '@isochrone/contracts-client'
import { createDb, createStore, isDataError } from '@isochrone/db'
import { createMetrics, EnvError, startOps, type Logger, type Shutdown, type WorkerEnv } from '@isochrone/runtime'
import { openWakeQueue } from '@isochrone/runtime/wake-queue'
import {
  createJobFleet,
  createOfferUpkeep,
  ingestReceiptEntries,
  publishBudgetLimits,
  publishControlEvents,
  publishKeyBudgets,
  redisControlStream,
  redisLeaseBudget,
  redisLiveState,
  type WitnessPort,
} from '@isochrone/services'
import { redisKeys } from '@isochrone/protocol'
import { startBatchWorker } from './batches/batch-worker.ts'
import { createChain } from './chain/create-chain.ts'
import { pendingTransactions } from './chain/pending-transactions.ts'
import { createRedis } from './create-redis.ts'
import { dispatchToGateway } from './jobs/dispatch-to-gateway.ts'
import { fleetSource } from './jobs/fleet-source.ts'
import { startInferenceWorker } from './jobs/inference-worker.ts'
import { leaseGateway } from './leases/lease-gateway.ts'
import { startLeaseWorker } from './leases/lease-worker.ts'
import { consumeReceipts } from './receipts/consume-receipts.ts'
import { gatewayEpochs } from './rounds/gateway-epochs.ts'
import { startRounds } from './rounds/start-rounds.ts'
import { workerRounds } from './rounds/worker-rounds.ts'
import { replayThroughGateway } from './verification/replay-through-gateway.ts'
import { startVerificationWorker } from './verification/verification-worker.ts'
import { witnessHttp } from './verification/witness-http.ts'
import { webhookSender } from './webhooks/send-webhook.ts'
import { startWebhookWorker } from './webhooks/webhook-worker.ts'
import { budgetDeps } from './rounds/budget-deps.ts'

export interface StartWorkerOptions {
  env: WorkerEnv
  logger: Logger
  /** Stop steps are registered here as parts come up. */
  shutdown: Shutdown
}

const CONTROL_MS = 250
const HEALTH_MS = 60_000
const VERIFICATION_MS = 5_000
const LIST_OFFERS_MS = 2_000
const MEASURE_OFFERS_MS = 15_000
const DRAIN_MS_MAX = 10_000
/** How long a gateway may take to see that a line of a cancelled batch is not wanted any more. */
const CANCELLED_KEPT_S = 900

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

  // One knowledge of what runs where for jobs and lines of batches.
  const fleet = fleetSource({ store, live })
  const pools = createJobFleet()
  const inference = startInferenceWorker({
    jobs: store.jobs,
    fleet,
    gateway: dispatchToGateway(gateways),
    pools,
    clock: systemClock,
    redisUrl: env.REDIS_URL,
    logger,
  })
  // What cannot end in time is taken over by the next worker: its lock runs out.
  shutdown.onShutdown('inference', () => Promise.race([inference.close(), wait(DRAIN_MS_MAX - 1_000)]), DRAIN_MS_MAX)

  const batching = startBatchWorker({
    store,
    fleet,
    gateway: dispatchToGateway(gateways),
    pools,
    clock: systemClock,
    redisUrl: env.REDIS_URL,
    logger,
    announceCancelled: async (jobId) =>
      void (await redis.set(redisKeys.jobCancelled(jobId), '1', 'EX', CANCELLED_KEPT_S)),
  })
  shutdown.onShutdown('batches', () => Promise.race([batching.close(), wait(DRAIN_MS_MAX - 1_000)]), DRAIN_MS_MAX)

  const leasing = startLeaseWorker({
    store,
    stream: redisControlStream(redis),
    budget: redisLeaseBudget(redis),
    fleet: fleetSource({ store, live }),
    gateway: leaseGateway(gateways),
    clock: systemClock,
    meterMs: env.LEASE_METER_MS,
    goneMs: env.LEASE_GONE_MS,
    redisUrl: env.REDIS_URL,
    logger,
  })
  shutdown.onShutdown('leases', () => Promise.race([leasing.close(), wait(DRAIN_MS_MAX - 1_000)]), DRAIN_MS_MAX)

  const verification = await startVerificationWorker({
    store,
    witnesses: witnessesOf(env),
    replay: env.VERIFICATION_ORG_ID
      ? replayThroughGateway({ gateway: dispatchToGateway(gateways), orgId: env.VERIFICATION_ORG_ID })
      : null,
    clock: systemClock,
    periodMs: env.VERIFICATION_PERIOD_MS,
    seed: () => randomInt(2 ** 32),
    redisUrl: env.REDIS_URL,
    everyMs: VERIFICATION_MS,
    logger,
  })
  const closeVerification = () => Promise.race([verification.close(), wait(DRAIN_MS_MAX - 1_000)])
  shutdown.onShutdown('verification', closeVerification, DRAIN_MS_MAX)

  const deliveries = startWebhookWorker({
    webhooks: store.webhooks,
    sender: webhookSender({ privateAllowed: env.ISOCHRONE_ENVIRONMENT === 'development' }),
    clock: systemClock,
    redisUrl: env.REDIS_URL,
    logger,
  })
  shutdown.onShutdown('webhooks', () => Promise.race([deliveries.close(), wait(DRAIN_MS_MAX - 1_000)]), DRAIN_MS_MAX)

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
  logger.info({ chainId: deployment.chainId, gateways: env.GATEWAY_URLS }, 'working')
}

function witnessesOf({ WITNESS_URLS, WITNESS_TOKEN: token }: WorkerEnv): WitnessPort[] {
  if (WITNESS_URLS.length === 0) return []
  if (!token) throw new EnvError('WITNESS_TOKEN: is not set, and WITNESS_URLS names witnesses')
  return WITNESS_URLS.map((url) => witnessHttp({ url, token }))
}

/** Repeats `work`, one at a time; a failure waits for the next turn. */
function every(ms: number, work: () => Promise<void>): () => void {
  let busy = false
  const timer = setInterval(() => {
    if (busy) return
    busy = true
    work()
      .catch(() => {
        // Redis or Postgres is away; both say so themselves.
      })
      .finally(() => (busy = false))
  }, ms)
  return () => clearInterval(timer)
}

function wait(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms).unref())
}
