/** Starts what takes work from the queues: jobs, batches and their lines, leases, checks of nodes, and webhooks. */
import { randomInt } from 'node:crypto'
import { systemClock } from '@isochrone/domain'
import type { Store } from '@isochrone/db'
import { redisKeys } from '@isochrone/protocol'
import { EnvError, type Logger, type Shutdown, type WorkerEnv } from '@isochrone/runtime'
import {
  createJobFleet,
  redisControlStream,
  redisLeaseBudget,
  type LiveState,
  type WitnessPort,
} from '@isochrone/services'
import type { Redis } from 'ioredis'
import { startBatchWorker } from '../batches/batch-worker.ts'
import { dispatchToGateway } from '../jobs/dispatch-to-gateway.ts'
import { fleetSource } from '../jobs/fleet-source.ts'
import { startInferenceWorker } from '../jobs/inference-worker.ts'
import { leaseGateway } from '../leases/lease-gateway.ts'
import { startLeaseWorker } from '../leases/lease-worker.ts'
import { replayThroughGateway } from '../verification/replay-through-gateway.ts'
import { startVerificationWorker } from '../verification/verification-worker.ts'
import { witnessHttp } from '../verification/witness-http.ts'
import { webhookSender } from '../webhooks/send-webhook.ts'
import { startWebhookWorker } from '../webhooks/webhook-worker.ts'

const VERIFICATION_MS = 5_000
const DRAIN_MS_MAX = 10_000
/** How long a gateway may take to see that a line of a cancelled batch is not wanted any more. */
const CANCELLED_KEPT_S = 900

export interface QueueWorkersOptions {
  env: WorkerEnv
  store: Store
  redis: Redis
  live: LiveState
  logger: Logger
  shutdown: Shutdown
}

export async function startQueueWorkers(options: QueueWorkersOptions): Promise<void> {
  const { env, store, redis, live, logger, shutdown } = options
  const gateways = { gatewayUrls: env.GATEWAY_URLS, internalToken: env.INTERNAL_TOKEN }
  const common = { clock: systemClock, redisUrl: env.REDIS_URL, logger }

  // One knowledge of what runs where for jobs and lines of batches.
  const fleet = fleetSource({ store, live })
  const pools = createJobFleet()
  const inference = startInferenceWorker({
    jobs: store.jobs,
    fleet,
    gateway: dispatchToGateway(gateways),
    pools,
    ...common,
  })
  shutdown.onShutdown('inference', () => inTime(inference), DRAIN_MS_MAX)

  const batching = startBatchWorker({
    store,
    fleet,
    gateway: dispatchToGateway(gateways),
    pools,
    ...common,
    announceCancelled: async (jobId) =>
      void (await redis.set(redisKeys.jobCancelled(jobId), '1', 'EX', CANCELLED_KEPT_S)),
  })
  shutdown.onShutdown('batches', () => inTime(batching), DRAIN_MS_MAX)

  const leasing = startLeaseWorker({
    store,
    stream: redisControlStream(redis),
    budget: redisLeaseBudget(redis),
    fleet: fleetSource({ store, live }),
    gateway: leaseGateway(gateways),
    meterMs: env.LEASE_METER_MS,
    goneMs: env.LEASE_GONE_MS,
    ...common,
  })
  shutdown.onShutdown('leases', () => inTime(leasing), DRAIN_MS_MAX)

  const verification = await startVerificationWorker({
    store,
    witnesses: witnessesOf(env),
    replay: env.VERIFICATION_ORG_ID
      ? replayThroughGateway({ gateway: dispatchToGateway(gateways), orgId: env.VERIFICATION_ORG_ID })
      : null,
    periodMs: env.VERIFICATION_PERIOD_MS,
    seed: () => randomInt(2 ** 32),
    everyMs: VERIFICATION_MS,
    ...common,
  })
  shutdown.onShutdown('verification', () => inTime(verification), DRAIN_MS_MAX)

  const deliveries = startWebhookWorker({
    webhooks: store.webhooks,
    sender: webhookSender({ privateAllowed: env.ISOCHRONE_ENVIRONMENT === 'development' }),
    ...common,
  })
  shutdown.onShutdown('webhooks', () => inTime(deliveries), DRAIN_MS_MAX)
}

function witnessesOf({ WITNESS_URLS, WITNESS_TOKEN: token }: WorkerEnv): WitnessPort[] {
  if (WITNESS_URLS.length === 0) return []
  if (!token) throw new EnvError('WITNESS_TOKEN: is not set, and WITNESS_URLS names witnesses')
  return WITNESS_URLS.map((url) => witnessHttp({ url, token }))
}

/** What cannot end in time is taken over by the next worker: its lock runs out. */
async function inTime(worker: { close(): Promise<void> }): Promise<void> {
  const late = new Promise<void>((resolve) => setTimeout(resolve, DRAIN_MS_MAX - 1_000).unref())
  await Promise.race([worker.close(), late])
}
