/**
 * Puts the gateway together: journal and lane first, then what others tell it, then its doors.
 *
 * Stops in reverse: refuses new requests, lets running ones end, closes the links, then the epoch clock, the publisher
 * and the journal last of all, because everything before may still write to it.
 */
import { createServer } from 'node:http'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { AppError, prng, systemClock } from '@isochrone/domain'
import { createDb, createStore, sayBusyOfCalls } from '@isochrone/db'
import { redisKeys, type Hex } from '@isochrone/protocol'
import {
  createMetrics,
  listen,
  startOps,
  startTracing,
  type GatewayEnv,
  type Logger,
  type Shutdown,
} from '@isochrone/runtime'
import { introduceGateway, loadControlSnapshot, redisControlStream } from '@isochrone/services'
import type { Redis } from 'ioredis'
import { createBudget, type Budget } from './budget/budget.ts'
import { createKeyBudgets, placeOfKeyPeriod, type KeyBudgets } from './budget/key-budgets.ts'
import { createRedisBudgetStore, leasedOf } from './budget/redis-budget-store.ts'
import { createLimitShares } from './budget/share-limits.ts'
import { createControlStore, type ControlView } from './control/control-state.ts'
import { createFairNews, FAIR_NEWS_MS } from './control/fair-news.ts'
import { createLiveGateways } from './control/live-gateways.ts'
import { keepContentInside } from './control/keep-content-inside.ts'
import { controlStreamReader, followControl } from './control/follow-control.ts'
import { createRedis } from './create-redis.ts'
import { createApp } from './http/create-app.ts'
import { leaseRoutes } from './http/routes/leases.ts'
import { gatewayRoutes } from './http/routes/gateways.ts'
import { httpOptions } from './http/http-options.ts'
import { createGatewayMetrics } from './http/gateway-metrics.ts'
import { createBatches } from './batches/create-batches.ts'
import { batchRoutes } from './http/routes/batches.ts'
import { fileRoutes } from './http/routes/files.ts'
import { createJobs } from './jobs/create-jobs.ts'
import { openJournal } from './journal/open-journal.ts'
import { startPublisher } from './journal/start-publisher.ts'
import { createLane } from './lane/create-lane.ts'
import { epochRoutes } from './lane/epoch-routes.ts'
import type { GatewayLane } from './lane/gateway-lane.ts'
import { redisIdempotencyStore } from './idempotency/idempotency-store.ts'
import { createIdempotency, RUNNING_MS_MAX } from './idempotency/idempotency.ts'
import { requireKeysInside } from './idempotency/require-keys-inside.ts'
import { createFleet } from './fleet/create-fleet.ts'
import { LOOK_MS } from './fleet/stream-looks.ts'
import { nodeMeasurementsOf } from './fleet/node-measurements-of.ts'
import { createLeaseDesk } from './leases/lease-desk.ts'
import { createLinkServer } from './link/create-link-server.ts'
import { startLiveness } from './link/start-liveness.ts'
import { watchLoop } from './overload/watch-loop.ts'
import { readContracts } from './read-contracts.ts'
import { createFairStarts } from './requests/fair-starts.ts'
import { createHedging } from './requests/hedging.ts'
import { createKnownModels } from './requests/known-models.ts'
import { createMeasurements } from './requests/node-measurements.ts'
import { createRecounter } from './recount/create-recounter.ts'
import { createPlacer } from './requests/place-request.ts'
import { createRequestLimits } from './requests/request-limits.ts'
import { createStopping } from './requests/stopping.ts'
import { createWaitingRoom } from './requests/waiting-room.ts'

/** Longest attempt in all, as long as its tokens come: as long as a client may give a request. */
const ATTEMPT_MS_MAX = 3_600_000
/** Of it, for how long its customer may hold it up. */
const HELD_UP_MS_MAX = 600_000
const TICK_MS = 1_000
/** How long whoever asks about queued work waits for others in the database before being told so. */
const databasePatience = { connectionWaitMsMax: 5_000, lockWaitMsMax: 5_000 }
/** Given up, a node still has 2 s to sign for what it did. */
const GIVE_UP_MS = 4_000

export interface StartGatewayOptions {
  env: GatewayEnv
  logger: Logger
  /** Stop steps are registered here as parts come up. */
  shutdown: Shutdown
}

/** Resolves when the gateway listens; `/healthz` turns 200 when its control state is loaded. */
export async function startGateway({
  env,
  logger,
  shutdown,
}: StartGatewayOptions): Promise<{ url: string; lane: Hex }> {
  const clock = systemClock
  const contracts = await readContracts(env.DEPLOYMENT_FILE)
  const here = { country: env.GATEWAY_COUNTRY, region: env.GATEWAY_REGION }
  const storePlace = { country: env.STORE_COUNTRY, region: env.STORE_REGION }
  const control = createControlStore(here)
  const measurements = createMeasurements()

  const tracing = await startTracing('gateway', env, logger)
  shutdown.onShutdown('traces', () => tracing?.stop())

  const loop = watchLoop({ lateMsMax: env.GATEWAY_LATE_MS_MAX })
  shutdown.onShutdown('loop', () => loop.stop())

  const metrics = createGatewayMetrics(createMetrics('gateway'), () => ({
    activeRequests: () => requestLimits.active(),
    waitingRequests: () => room.size,
    linkedNodes: () => links.sessions.all().length,
    leaseIdleMicroUsd: () => budget.idleMicroUsd(),
    controlVersion: () => control.version,
    loopLateMs: () => loop.lateMs(),
  }))

  const journalDir = join(env.DATA_DIR, 'journal')
  const journal = await openJournal({
    dir: journalDir,
    onCommit: (durationMs, records) => metrics.journalCommit(durationMs, records),
    onTornTail: (file, bytes) => logger.warn({ file, bytes }, 'a torn end of the journal was cut off'),
  })
  shutdown.onShutdown('journal', () => journal.close())

  const lane = await createLane({
    journal,
    privateKey: env.GATEWAY_KEY,
    region: env.GATEWAY_REGION,
    contracts,
    epochMs: env.EPOCH_MS,
    dataDir: env.DATA_DIR,
    nodeOf: (nodeId) => control.node(nodeId),
    logger,
  })

  const redis = createRedis(env.REDIS_URL, logger)
  const live = createLiveGateways(lane.id)
  const shares = createLimitShares({
    redis,
    lane: lane.id,
    gateways: () => live.serving(Date.now()),
    partInUse: (subjectId) => requestLimits.partInUse(subjectId),
  })
  const requestLimits = createRequestLimits(clock, { shareOf: shares.shareOf })
  const starts = createFairStarts()
  const publisherRedis = createRedis(env.REDIS_URL, logger, { commandMsMax: 10_000 })
  const controlRedis = createRedis(env.REDIS_URL, logger, { commandMsMax: 5_000 })
  shutdown.onShutdown('redis', () => {
    for (const connection of [redis, publisherRedis, controlRedis]) connection.disconnect()
  })
  const publisher = await startPublisher({ journal, redis: publisherRedis, dir: journalDir, logger })
  shutdown.onShutdown('publisher', () => publisher.stop())

  const db = createDb(env.DATABASE_URL, { connectionsMax: 4, ...databasePatience })
  const store = sayBusyOfCalls(createStore(db))
  shutdown.onShutdown('database', () => db.$disconnect())
  const follower = followControl({
    store: control,
    loadSnapshot: async () => {
      // Pages link to epoch files by it, and other gateways and nodes find this one.
      await introduceGateway(
        { store, stream: redisControlStream(redis) },
        { lane: lane.id, url: env.GATEWAY_PUBLIC_URL, ...here },
      )
      return loadControlSnapshot(store)
    },
    readAfter: controlStreamReader(controlRedis),
    logger,
  })
  shutdown.onShutdown('control', () => follower.stop())

  let draining = false
  const stopping = createStopping()
  const notReady = (): string | null => {
    if (draining) return 'is about to stop'
    if (journal.failure) return 'cannot write its journal'
    return follower.notReady()
  }

  lane.start()
  shutdown.onShutdown('epochs', () => lane.stop())

  const httpServer = createServer(httpOptions)
  const links = createLinkServer({
    httpServer,
    lane,
    contracts,
    control: {
      get ready() {
        return follower.ready()
      },
      node: (nodeId) => control.node(nodeId),
    },
    logger,
  })
  const { sessions } = links
  const fleet = createFleet({ sessions, control, clock })
  const placer = createPlacer({ fleet, rng: prng(seed()), clock })
  const room = createWaitingRoom({ placer, onRoom: fleet.onRoom, clock, self: lane.id })
  const fairNews = createFairNews({
    redis,
    room,
    nowMs: () => Date.now(),
    gateways: () => live.serving(Date.now()),
  })
  // Redis went away between two news; the next ones tell again.
  const teller = setInterval(() => void fairNews.tick().catch(() => undefined), FAIR_NEWS_MS)
  shutdown.onShutdown('news', () => clearInterval(teller))
  const knownModels = createKnownModels(sessions)
  let resumed = false
  const { budget, keyBudgets, tick } = budgetsOf({ redis, lane, control }, async () => {
    knownModels.learn(await redis.hvals(redisKeys.nodes), Date.now())
    live.learn(await redis.hvals(redisKeys.gateways), Date.now())
    await shares.tick()
    if (resumed || !follower.ready()) return
    const channels = [...control.organisations()].flatMap(({ channelId }) => (channelId ? [channelId as Hex] : []))
    await budget.resume(await leasedOf(redis, lane.id, channels))
    resumed = true
  })
  const ticker = setInterval(tick, TICK_MS)
  shutdown.onShutdown('ticker', () => clearInterval(ticker))
  // After what the sockets hold by then: tokens that wait in this process are no slowness of a node.
  const looker = setInterval(() => setImmediate(() => fleet.look()), LOOK_MS)
  shutdown.onShutdown('looks', () => clearInterval(looker))

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

  const app = await createApp({
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
    starts,
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
    draining: () => draining,
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
  const drainMs = env.GATEWAY_DRAIN_MS
  shutdown.onShutdown('links', () => links.close())
  shutdown.onShutdown('http', () => httpServer.closeIdleConnections())
  // Streams end by themselves; what is left is given up by this gateway, before its links go and nodes are blamed for it.
  shutdown.onShutdown('give up', async () => {
    const cut = requestLimits.active()
    if (cut > 0) logger.warn({ cut, drainMs }, 'requests that ran for longer than GATEWAY_DRAIN_MS are cut')
    stopping.stop()
    room.close(aboutToStop(), 'all')
    await drained(() => requestLimits.active(), GIVE_UP_MS)
  })
  shutdown.onShutdown('requests', () => drained(() => requestLimits.active(), drainMs), drainMs + 1_000)
  shutdown.onShutdown('refuse new requests', () => {
    draining = true
    logger.info({ running: requestLimits.active(), drainMs }, 'waiting for what runs')
    room.close(aboutToStop(), 'new')
  })

  const { url } = await listen(app.server, { host: env.GATEWAY_HOST, port: env.GATEWAY_PORT })
  if (env.OPS_PORT !== undefined) {
    const ops = await startOps({ host: env.OPS_HOST, port: env.OPS_PORT, notReady, metrics })
    shutdown.onShutdown('ops', () => ops.stop())
  }
  const liveness = startLiveness({
    redis,
    sessions,
    lane: lane.id,
    publicUrl: env.GATEWAY_PUBLIC_URL,
    region: env.GATEWAY_REGION,
    measurementsOf: (nodeId) => nodeMeasurementsOf(measurements.of(nodeId), fleet.stateOf(nodeId)),
    status: () => ({ ready: notReady() === null, activeRequests: requestLimits.active() }),
    logger,
  })
  shutdown.onShutdown('liveness', () => liveness.stop())
  logger.info({ url, lane: lane.id }, 'listening')
  if (drainMs < RUNNING_MS_MAX) {
    const told =
      'requests may last longer than this gateway waits when it is told to stop: those are cut, and billed for what was delivered'
    logger.info({ drainMs, requestMsMax: RUNNING_MS_MAX }, told)
  }
  return { url, lane: lane.id }
}

interface Budgets {
  budget: Budget
  keyBudgets: KeyBudgets
  tick: () => void
}

/** The keepers of budgets, and what they and others need of Redis each second. */
function budgetsOf(
  { redis, lane, control }: { redis: Redis; lane: GatewayLane; control: ControlView },
  also: () => Promise<void>,
): Budgets {
  // Stale by a second at most, and only to the safe side: what is held back shrinks as receipts come in.
  let heldForRecovery = lane.heldForRecovery()
  let keysHeld = lane.keysHeldForRecovery()
  const nowMs = (): number => Date.now()
  const budget = createBudget({
    store: createRedisBudgetStore(redis, lane.id),
    signedMicroUsd: (channelId) => lane.signedMicroUsd(channelId),
    recoverableMicroUsd: (channelId) => heldForRecovery.get(channelId) ?? 0n,
    nowMs,
  })
  const keyBudgets = createKeyBudgets({
    control,
    store: createRedisBudgetStore(redis, lane.id, placeOfKeyPeriod),
    leasedOf: (periods) => leasedOf(redis, lane.id, periods, (period) => placeOfKeyPeriod(period).sums),
    spentMicroUsd: (period) => lane.spentByKeyMicroUsd(period),
    recoverableMicroUsd: (period) => keysHeld.get(period) ?? 0n,
    nowMs,
  })
  let ticking = false
  return {
    budget,
    keyBudgets,
    tick() {
      heldForRecovery = lane.heldForRecovery()
      keysHeld = lane.keysHeldForRecovery()
      if (ticking || redis.status !== 'ready') return
      ticking = true
      Promise.all([budget.tick(), keyBudgets.tick(), also()])
        .catch(() => {
          // Redis went away between two ticks; the next one tries again.
        })
        .finally(() => (ticking = false))
    },
  }
}

function closedOf(entry: Awaited<ReturnType<GatewayLane['closeEpoch']>>) {
  if (!entry) return null
  const { epoch, fromSeq, toSeq, count } = entry.anchor
  return { epoch: Number(epoch), fromSeq: Number(fromSeq), toSeq: Number(toSeq), count: Number(count) }
}

async function drained(active: () => number, msMax: number): Promise<void> {
  const deadline = Date.now() + msMax
  while (active() > 0 && Date.now() < deadline) await sleep(20)
}

const aboutToStop = (): AppError =>
  new AppError('capacity_unavailable', { publicMessage: 'This gateway is about to stop.', retryAfterS: 1 })

/** Where placement draws begin: recorded with each decision, so any seed will do. */
const seed = (): number => crypto.getRandomValues(new Uint32Array(1))[0] ?? 1
