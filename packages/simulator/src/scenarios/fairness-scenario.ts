/**
 * Fairness in a backlog: ServeGen's clients as tenants offer more than the fleet can do, and wait in the gateway's queue.
 *
 * Jain's index of service over the tenants that are backlogged throughout a window, for each window and for the whole
 * time. With several gateways, those that wait at one are set against those that wait at the others.
 */
import { fairCostOf } from '@isochrone/scheduler'
import type { ServeGenClient } from '../data/read-servegen.ts'
import { measureRun, type RunFigures } from '../run/measure.ts'
import { noFaults } from '../run/plan-faults.ts'
import { marketSettings } from '../run/settings.ts'
import { simulate } from '../run/simulate.ts'
import { isochroneSettings, isochroneWith } from '../policies/isochrone.ts'
import type { Market } from '../scenario/load-market.ts'
import type { SimRequest } from '../sim-types.ts'
import { serveGenWorkload } from '../workload/servegen-workload.ts'
import { jainIndex } from './jain-index.ts'
import { poolFleet } from './pool-fleet.ts'
import { queueAtGateway, type QueueOrder } from './queue-at-gateway.ts'
import { tenantService } from './tenant-service.ts'

export interface FairnessScenarioInput {
  market: Market
  clients: readonly ServeGenClient[]
  order: QueueOrder
  seed: number
  /** Default 1: all tenants in one queue. Else tenants are dealt to gateways, whose queues exchange news. */
  gateways?: number
  replicas?: number
  windowMs?: number
}

export interface FairnessScenarioResult {
  order: QueueOrder
  seed: number
  gateways: number
  requests: number
  tenants: number
  /** Tenants backlogged from the end of warm-up to the last arrival, and Jain's index of their service over that time. */
  backloggedThroughout: number
  jainThroughout: number
  /** Most ÷ least served of them. */
  mostOverLeast: number
  /** Over windows with at least two backlogged tenants. */
  windows: number
  backloggedPerWindow: number
  jainWindowMean: number
  jainWindowMin: number
  /** Arrival to first token of tenants that ask for less than half of an equal share: who asks little waits little. */
  modestTtftP50Ms: number | null
  modestTtftP99Ms: number | null
  figures: RunFigures
}

export function fairnessScenario(input: FairnessScenarioInput): FairnessScenarioResult {
  const { market, clients, order, seed, gateways = 1, replicas = 4, windowMs = 30_000 } = input
  const { horizonMs, tenants, backlogFactor } = market.fairness
  const warmUpMs = Math.min(market.warmUpMs, horizonMs / 4)
  const fleet = poolFleet({ market, replicas, kvTokens: market.fleet.kvTokens, gateways })
  const workload = serveGenWorkload({
    clients,
    market,
    tenants,
    seed,
    horizonMs,
    target: { fleet: fleet.replicas, util: backlogFactor },
  })
  const requests = workload.map((request) => ({ ...request, gateway: request.tenant % gateways }))
  // Nobody leaves: a customer that gives up would hide a backlog.
  const settings = marketSettings({ horizonMs, warmUpMs, requestTimeoutMs: 20 * horizonMs }, market)
  // In a backlog no place is spent on second attempts.
  const engine = isochroneWith('isochrone', { ...isochroneSettings, hedgeShare: 0, moveShare: 0 })
  const result = simulate({ fleet, requests, policy: queueAtGateway(engine, order), settings, faults: noFaults, seed })
  const service = tenantService(requests, result)
  const index = (fromMs: number, toMs: number) => {
    const served = service.backlogged(fromMs, toMs).map((tenant) => service.served(tenant, fromMs, toMs))
    return { tenants: served.length, jain: jainIndex(served), served }
  }
  const starts = Array.from(
    { length: Math.floor((horizonMs - warmUpMs) / windowMs) },
    (_, n) => warmUpMs + n * windowMs,
  )
  const windows = starts.map((fromMs) => index(fromMs, fromMs + windowMs)).filter((window) => window.tenants >= 2)
  const waits = modestRequests(requests, tenants, backlogFactor)
    .filter(({ arriveMs }) => arriveMs >= warmUpMs)
    .map(({ index: at, arriveMs }) => (result.log.firstMs[at] as number) - arriveMs)
    .toSorted((one, other) => one - other)
  const whole = index(warmUpMs, horizonMs - 1)
  const jains = windows.map(({ jain }) => jain)
  const mean = (values: readonly number[]) => values.reduce((a, b) => a + b, 0) / Math.max(1, values.length)
  return {
    order,
    seed,
    gateways,
    requests: requests.length,
    tenants: new Set(requests.map(({ tenant }) => tenant)).size,
    backloggedThroughout: whole.tenants,
    jainThroughout: whole.jain,
    mostOverLeast: whole.tenants > 0 ? Math.max(...whole.served) / Math.min(...whole.served) : 1,
    windows: windows.length,
    backloggedPerWindow: mean(windows.map((window) => window.tenants)),
    jainWindowMean: mean(jains),
    jainWindowMin: jains.length > 0 ? Math.min(...jains) : 1,
    modestTtftP50Ms: waits[waits.length >> 1] ?? null,
    modestTtftP99Ms: waits[Math.ceil(0.99 * waits.length) - 1] ?? null,
    figures: measureRun({ fleet, requests, settings }, result),
  }
}

/** Of tenants that offer less than half of what an equal share of the service would be. */
function modestRequests(requests: readonly SimRequest[], tenants: number, backlogFactor: number): SimRequest[] {
  const offered = new Map<number, number>()
  let total = 0
  for (const { tenant, tokensIn, tokensOut } of requests) {
    const cost = fairCostOf(tokensIn, tokensOut)
    offered.set(tenant, (offered.get(tenant) ?? 0) + cost)
    total += cost
  }
  const half = total / backlogFactor / tenants / 2
  return requests.filter(({ tenant }) => (offered.get(tenant) as number) < half)
}
