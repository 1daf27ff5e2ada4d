/** What the gateway's doors need: queued work, batches, leases, recounts, and everything that was started before. */
import type { Server } from 'node:http'
import type { Clock } from '@isochrone/domain'
import type { GatewayEnv, Logger, Shutdown, Tracing } from '@isochrone/runtime'
import type { Redis } from 'ioredis'
import type { ControlView } from '../control/control-state.ts'
import type { LiveGateways } from '../control/live-gateways.ts'
import type { GatewayMetrics } from '../http/gateway-metrics.ts'
import type { LaneContracts } from '../lane/lane-contracts.ts'
import type { LoopWatch } from '../overload/watch-loop.ts'
import type { KnownModels } from '../requests/read/known-models.ts'
import type { Measurements } from '../requests/placement/node-measurements.ts'
import type { RequestLimits } from '../requests/limits/request-limits.ts'
import type { Stoppable } from '../requests/stopping.ts'
import type { Stores } from './connect-stores.ts'
import type { Budgets } from './start-budgets.ts'
import type { Placement } from './start-placement.ts'
import { keepContentInside } from '../control/keep-content-inside.ts'
import { createApp } from '../http/create-app.ts'
import { leaseRoutes } from '../http/routes/leases.ts'
import { gatewayRoutes } from '../http/routes/gateways.ts'
import { createBatches } from '../batches/create-batches.ts'
import { batchRoutes } from '../http/routes/batches.ts'
import { fileRoutes } from '../http/routes/files.ts'
import { createJobs } from '../jobs/create-jobs.ts'
import { epochRoutes } from '../lane/epoch-routes.ts'
import type { GatewayLane } from '../lane/gateway-lane.ts'
import { redisIdempotencyStore } from '../idempotency/idempotency-store.ts'
import { createIdempotency } from '../idempotency/idempotency.ts'
import { requireKeysInside } from '../idempotency/require-keys-inside.ts'
import { createLeaseDesk } from '../leases/lease-desk.ts'
import { createFairStarts } from '../requests/limits/fair-starts.ts'
import { createHedging } from '../requests/limits/hedging.ts'
import { createRecounter } from '../recount/create-recounter.ts'

/** Longest attempt in all, as long as its tokens come: as long as a client may give a request. */
const ATTEMPT_MS_MAX = 3_600_000
/** Of it, for how long its customer may hold it up. */
const HELD_UP_MS_MAX = 600_000

export interface ServeAppInput extends Placement, Budgets {
  env: GatewayEnv
  contracts: LaneContracts
  control: ControlView
  redis: Redis
  store: Stores['store']
  lane: GatewayLane
  live: LiveGateways
  measurements: Measurements
  requestLimits: RequestLimits
  loop: LoopWatch
  metrics: GatewayMetrics
  knownModels: KnownModels
  stopping: Stoppable
  notReady: () => string | null
  draining: () => boolean
  tracing: Tracing | null
  httpServer: Server
  clock: Clock
  logger: Logger
  shutdown: Shutdown
}

export async function serveApp(input: ServeAppInput): ReturnType<typeof createApp> {
  const { env, contracts, control, redis, store, lane, live, links, fleet, placer, room, budget, keyBudgets } = input
  const { measurements, requestLimits, loop, metrics, knownModels, stopping, notReady, draining, tracing } = input
  const { httpServer, clock, logger, shutdown } = input
  const { sessions } = links
  const storePlace = { country: env.STORE_COUNTRY, region: env.STORE_REGION }
  const jobs = createJobs({ store, redisUrl: env.REDIS_URL, redis, control, place: storePlace, logger })
  shutdown.onShutdown('jobs', () => jobs.close())
  const batches = createBatches({ store, redisUrl: env.REDIS_URL, control, place: storePlace, logger })
  shutdown.onShutdown('batches', () => batches.close())

  const recounter =
    env.RECOUNT_TOKENIZERS_DIR === undefined
      ? null
      : createRecounter({
          dir: env.RECOUNT_TOKENIZERS_DIR,
          lane,
          logger,
          counted: (outcome) => metrics.recounted(outcome),
        })
  shutdown.onShutdown('recounts', () => recounter?.stop())

  const desk = createLeaseDesk({ sessions, lane, budget, clock, logger })

  return createApp({
    control,
    sessions,
    lane,
    serve: {
      lane: keepContentInside(lane, control, storePlace),
      budget,
      keyBudgets,
      placer,
      room,
      measurements,
      limits: { silenceMsMax: env.ATTEMPT_SILENCE_MS, totalMsMax: ATTEMPT_MS_MAX, heldUpMsMax: HELD_UP_MS_MAX },
      logger,
      nextAttempt: ({ jobId, requestId }) => (jobId === null ? 0 : lane.nextAttempt(requestId)),
      clock,
      stopping,
      declinesMax: env.PROMPT_DECLINES_MAX,
      hedging: createHedging(),
      moves: fleet.moves,
      recounter,
      events: metrics,
    },
    requestLimits,
    starts: createFairStarts(),
    loop,
    idempotency: createIdempotency({
      store: redisIdempotencyStore(redis),
      clock,
      secret: env.INTERNAL_TOKEN,
      requireInside(orgId) {
        const organisation = control.organisation(orgId)
        if (organisation) requireKeysInside(organisation, storePlace)
      },
    }),
    jobs,
    epochs: {
      close: async () => closedOf(await lane.closeEpoch()),
      correctRecord: (record) => lane.correctRecord(record),
    },
    metrics,
    knownModels,
    notReady,
    draining,
    sealingDomain: { chainId: contracts.chainId, verifyingContract: contracts.paymentChannels },
    internalToken: env.INTERNAL_TOKEN,
    corsOrigins: env.GATEWAY_CORS_ORIGINS,
    logger,
    tracing,
    clock,
    httpServer,
    addRoutes: (instance) => {
      epochRoutes(instance, lane)
      gatewayRoutes(instance, control, live)
      fileRoutes(instance, { control, clock, notReady }, batches)
      batchRoutes(instance, { control, clock, notReady }, batches)
      leaseRoutes(instance, desk, env.INTERNAL_TOKEN)
    },
  })
}

function closedOf(entry: Awaited<ReturnType<GatewayLane['closeEpoch']>>) {
  if (!entry) return null
  const { epoch, fromSeq, toSeq, count } = entry.anchor
  return { epoch: Number(epoch), fromSeq: Number(fromSeq), toSeq: Number(toSeq), count: Number(count) }
}
