/**
 * Puts the gateway together: journal and lane first, then what others tell it, then its doors.
 *
 * Stops in reverse: refuses new requests, lets running ones end, closes the links, then the epoch clock, the publisher
 * and the journal last of all, because everything before may still write to it.
 */
import { createServer } from 'node:http'
import { systemClock } from '@isochrone/domain'
import type { Hex } from '@isochrone/protocol'
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
import { createLimitShares } from './budget/share-limits.ts'
import { createControlStore } from './control/control-state.ts'
import { createLiveGateways } from './control/live-gateways.ts'
import { controlStreamReader, followControl } from './control/follow-control.ts'
import { httpOptions } from './http/http-options.ts'
import { createGatewayMetrics } from './http/gateway-metrics.ts'
import { RUNNING_MS_MAX } from './idempotency/idempotency.ts'
import { nodeMeasurementsOf } from './fleet/node-measurements-of.ts'
import { startLiveness } from './link/start-liveness.ts'
import { watchLoop } from './overload/watch-loop.ts'
import { readContracts } from './read-contracts.ts'
import { createKnownModels } from './requests/read/known-models.ts'
import { createMeasurements } from './requests/placement/node-measurements.ts'
import { createRequestLimits } from './requests/limits/request-limits.ts'
import { createStopping } from './requests/stopping.ts'
import { connectStores } from './start/connect-stores.ts'
import { drainAtEnd } from './start/drain.ts'
import { openLane } from './start/open-lane.ts'
import { serveApp } from './start/serve-app.ts'
import { startBudgets } from './start/start-budgets.ts'
import { startPlacement } from './start/start-placement.ts'

export interface StartGatewayOptions {
  env: GatewayEnv
  logger: Logger
  /** Stop steps are registered here as parts come up. */
  shutdown: Shutdown
}

/** Resolves when the gateway listens; `/healthz` turns 200 when its control state is loaded. */
export async function startGateway(options: StartGatewayOptions): Promise<{ url: string; lane: Hex }> {
  const { env, logger, shutdown } = options
  const clock = systemClock
  const contracts = await readContracts(env.DEPLOYMENT_FILE)
  const here = { country: env.GATEWAY_COUNTRY, region: env.GATEWAY_REGION }
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
    leaseIdleMicroUsd: () => budgets.budget.idleMicroUsd(),
    controlVersion: () => control.version,
    loopLateMs: () => loop.lateMs(),
  }))

  const { journal, lane } = await openLane({ env, contracts, control, metrics, logger, shutdown })
  const { redis, controlRedis, store } = await connectStores({ env, journal, logger, shutdown })
  const live = createLiveGateways(lane.id)
  const shares = createLimitShares({
    redis,
    lane: lane.id,
    gateways: () => live.serving(Date.now()),
    partInUse: (subjectId) => requestLimits.partInUse(subjectId),
  })
  const requestLimits = createRequestLimits(clock, { shareOf: shares.shareOf })
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
  const running = { env, control, lane, redis, clock, logger, shutdown }
  const placement = startPlacement({ ...running, httpServer, contracts, follower, live })
  const { links, fleet, room } = placement
  const knownModels = createKnownModels(links.sessions)
  const budgets = startBudgets({
    ...running,
    ready: () => follower.ready(),
    knownModels,
    live,
    shares,
  })

  const app = await serveApp({
    ...running,
    ...placement,
    ...budgets,
    contracts,
    store,
    live,
    measurements,
    requestLimits,
    loop,
    metrics,
    knownModels,
    stopping,
    notReady,
    draining: () => draining,
    tracing,
    httpServer,
  })
  const drainMs = env.GATEWAY_DRAIN_MS
  shutdown.onShutdown('links', () => links.close())
  shutdown.onShutdown('http', () => httpServer.closeIdleConnections())
  drainAtEnd({
    room,
    stopping,
    active: () => requestLimits.active(),
    drainMs,
    refuseNew: () => (draining = true),
    logger,
    shutdown,
  })

  const { url } = await listen(app.server, { host: env.GATEWAY_HOST, port: env.GATEWAY_PORT })
  if (env.OPS_PORT !== undefined) {
    const ops = await startOps({ host: env.OPS_HOST, port: env.OPS_PORT, notReady, metrics })
    shutdown.onShutdown('ops', () => ops.stop())
  }
  const liveness = startLiveness({
    redis,
    sessions: links.sessions,
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
