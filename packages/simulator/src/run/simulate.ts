/**
 * One run: a workload through a fleet under one policy, in simulated time, until every request has ended.
 *
 * A function of its input alone. Events at the same instant go in a fixed order: engines, agenda, arrivals, timeouts.
 */
import { DECLINES_MAX, invariant } from '@isochrone/domain'
import type { SimFleet, SimPolicy, SimRequest } from '../sim-types.ts'
import { Attempts } from './attempts.ts'
import { EventQueue } from './event-queue.ts'
import * as events from './events.ts'
import { Gateways } from './gateways.ts'
import { hashUnit } from './hash-unit.ts'
import { Nodes } from './nodes.ts'
import type { FaultPlan, SlowWindow } from './plan-faults.ts'
import { ReplicaTimers } from './replica-timers.ts'
import { RequestLog, statePending } from './request-log.ts'
import type { SimSettings } from './settings.ts'

export interface SimulationInput {
  fleet: SimFleet
  /** In order of arrival, `index` counting from 0. */
  requests: readonly SimRequest[]
  policy: SimPolicy
  settings: SimSettings
  faults: FaultPlan
  seed: number
}

export interface SimulationResult {
  log: RequestLog
  attempts: Attempts
  events: number
  probes: number
  /** Simulated time at which the last request ended. */
  endedMs: number
}

const heartbeatStream = 31
const watchStream = 32

/** Runs to the end. Throws when the workload is out of order or names a gateway that the fleet does not have. */
export function simulate(input: SimulationInput): SimulationResult {
  const { fleet, requests, settings, faults } = input
  requireOrder(requests, fleet.gateways.length)
  const queue = new EventQueue()
  const timers = new ReplicaTimers(fleet.replicas.length)
  const log = new RequestLog(requests.length)
  const attemptsMax = settings.attemptsMax + DECLINES_MAX
  const attempts = new Attempts(requests.length * attemptsMax, fleet.gateways.length, fleet.replicas.length)
  const nodes = new Nodes({ ...input, attempts, queue, timers })
  const gateways = new Gateways({ ...input, attempts, log, queue, nodes })
  for (const { index } of fleet.replicas) {
    queue.add(hashUnit(input.seed, heartbeatStream, index) * settings.heartbeatMs, events.nodeHeartbeat, index)
    if (!gateways.watches) continue
    queue.add(hashUnit(input.seed, watchStream, index) * settings.streamWatchMs, events.gatewayWatch, index)
  }

  let nowMs = 0
  let count = 0
  let arrived = 0
  let oldestRequest = 0
  let oldestAttempt = 0
  while (log.done < requests.length) {
    while (oldestRequest < arrived && log.state[oldestRequest] !== statePending) oldestRequest++
    while (
      oldestAttempt < attempts.count &&
      (attempts.ended[oldestAttempt] === 1 || (attempts.firstMs[oldestAttempt] as number) > 0)
    ) {
      oldestAttempt++
    }
    const arriveMs = arrived < requests.length ? (requests[arrived] as SimRequest).arriveMs : Infinity
    const attemptEndMs =
      oldestAttempt < attempts.count
        ? (attempts.dispatchMs[oldestAttempt] as number) + settings.attemptTimeoutMs
        : Infinity
    const requestEndMs =
      oldestRequest < arrived ? (requests[oldestRequest] as SimRequest).arriveMs + settings.requestTimeoutMs : Infinity
    const engineMs = timers.nextMs
    const queueMs = queue.nextMs
    const nextMs = Math.min(engineMs, queueMs, arriveMs, attemptEndMs, requestEndMs)
    nowMs = nextMs
    gateways.telemetry.nowMs = nextMs
    count++
    if (engineMs === nextMs) nodes.runEngine(timers.first, nextMs)
    else if (queueMs === nextMs) {
      queue.take()
      handle(queue, nodes, gateways, faults.slowWindows, nextMs, settings)
    } else if (arriveMs === nextMs) gateways.place(arrived++, nextMs)
    else if (attemptEndMs === nextMs) gateways.attemptTimedOut(oldestAttempt, nextMs)
    else gateways.requestTimedOut(oldestRequest, nextMs)
  }
  return { log, attempts, events: count, probes: gateways.telemetry.probes, endedMs: nowMs }
}

function handle(
  queue: EventQueue,
  nodes: Nodes,
  gateways: Gateways,
  slowWindows: readonly SlowWindow[],
  nowMs: number,
  settings: SimSettings,
): void {
  const { kind, a, b } = queue
  switch (kind) {
    case events.nodeArrive:
      return nodes.arrive(a, nowMs)
    case events.gatewayFirst:
      return gateways.firstToken(a, nowMs)
    case events.gatewayEnd:
      return gateways.ended(a, nowMs)
    case events.gatewayReport:
      return gateways.report(a, nowMs)
    case events.gatewayRetry:
      return gateways.place(a, nowMs)
    case events.gatewayWatch:
      queue.add(nowMs + settings.streamWatchMs, events.gatewayWatch, a)
      return gateways.watch(a, nowMs)
    case events.gatewayHedge:
      return gateways.hedge(a, nowMs)
    case events.nodeHeartbeat:
      queue.add(nowMs + settings.heartbeatMs, events.nodeHeartbeat, a)
      return gateways.heartbeat(a, nowMs)
    case events.nodeCancel:
      return nodes.cancel(a, nowMs)
    case events.nodeProbe:
      return gateways.telemetry.probeAtNode(a, nowMs)
    case events.gatewayProbed:
      return gateways.telemetry.probed(a, nowMs)
    case events.nodeDown:
      return nodes.down(a, nowMs)
    case events.nodeUp:
      return nodes.up(a, nowMs)
    case events.nodeSlow:
      return nodes.slow(a, slowWindows[b]?.factor ?? 1, nowMs)
    case events.nodeUsual:
      return nodes.slow(a, 1, nowMs)
    case events.gatewayLinkLost:
      return gateways.linkLost(a, b, nowMs)
    case events.gatewayLinkUp:
      return gateways.linkUp(a, b, nowMs)
    default:
      invariant(false, `no event of kind ${kind}`)
  }
}

function requireOrder(requests: readonly SimRequest[], gateways: number): void {
  let formerMs = 0
  for (const [index, request] of requests.entries()) {
    invariant(request.index === index, `request ${index} has index ${request.index}`)
    invariant(request.arriveMs >= formerMs, `request ${index} arrives before the one before it`)
    invariant(request.gateway >= 0 && request.gateway < gateways, `request ${index} names no gateway of the fleet`)
    invariant(request.tokensIn >= 1 && request.tokensOut >= 1, `request ${index} has no tokens`)
    formerMs = request.arriveMs
  }
}
