/**
 * Edge, regional and cloud tiers: the edge is lost all at once and comes back; who serves, how fast, and whether anybody
 * leaves the country that its policy names.
 *
 * Half of the tenants may run anywhere, half in Germany alone. All value a second until the first token at 0.2 USD, as a
 * voice agent does: enough to pay for the edge.
 */
import { regionAllowed, type RoutingPolicy, type Tier, tiers } from '@isochrone/scheduler'
import type { TraceRequest } from '../data/read-trace.ts'
import { measureRun, type RunFigures } from '../run/measure.ts'
import { noFaults } from '../run/plan-faults.ts'
import { stateFinished } from '../run/request-log.ts'
import { marketSettings } from '../run/settings.ts'
import { simulate, type SimulationResult } from '../run/simulate.ts'
import type { Market } from '../scenario/load-market.ts'
import type { SimFleet, SimReplica, SimRequest } from '../sim-types.ts'
import { workloadAtUtilisation } from '../workload/workload-at-utilisation.ts'
import { policyByTenant } from './policy-by-tenant.ts'
import { tierFleet } from './tier-fleet.ts'

export interface TiersScenarioInput {
  market: Market
  trace: readonly TraceRequest[]
  seed: number
  /** Offered work ÷ what the edge alone can do. Default 0.4. */
  edgeUtil?: number
}

export const tenantGroups = ['anywhere', 'Germany'] as const
export type TenantGroup = (typeof tenantGroups)[number]

export interface TierPhaseRow {
  phase: string
  group: TenantGroup
  fromMs: number
  toMs: number
  requests: number
  /** Of the requests that arrived in the phase, by the tier that gave the first token. */
  share: Record<Tier, number>
  /** From arrival to the first token, by tier; null where it served none. */
  ttftP50Ms: Record<Tier, number | null>
  allTtftP50Ms: number
  allTtftP99Ms: number
}

export interface TiersScenarioResult {
  seed: number
  rows: TierPhaseRow[]
  /** Attempts outside what the policy of their tenant allows. */
  outsidePolicy: number
  /** Requests without a first token. */
  withoutFirstToken: number
  /** Requests that did not finish. */
  unfinished: number
  /**
   * From the return of the edge until it serves 90 % of its former share again, ms: the end of the first full second of
   * dispatches that does; null = never.
   */
  backAfterMs: number | null
  figures: RunFigures
}

/** In seconds after the loss and the return: the first moments, then the rest. */
const momentMs = 10_000

export function tiersScenario({ market, trace, seed, edgeUtil = 0.4 }: TiersScenarioInput): TiersScenarioResult {
  const { edgeLostAtMs, edgeBackAtMs } = market.tiers
  const horizonMs = edgeBackAtMs + Math.min(edgeLostAtMs, 100_000)
  const warmUpMs = Math.min(market.warmUpMs, edgeLostAtMs / 2)
  const settings = marketSettings({ horizonMs, warmUpMs }, market)
  const fleet = tierFleet(market)
  const edge = fleet.replicas.filter(({ tier }) => tier === 'edge')
  const requests = workloadAtUtilisation({ trace, fleet: edge, market, util: edgeUtil, seed, horizonMs }).map(
    (request): SimRequest => ({ ...request, gateway: request.index % fleet.gateways.length }),
  )
  const outages = edge.map(({ index }) => ({ replica: index, fromMs: edgeLostAtMs, toMs: edgeBackAtMs }))
  const policy = policyByTenant('isochrone', (request) => policies[groupOf(request)])
  const result = simulate({ fleet, requests, policy, settings, faults: { ...noFaults, outages }, seed })
  const phases = [
    ['before the loss', warmUpMs, edgeLostAtMs],
    ['first 10 s without', edgeLostAtMs, Math.min(edgeLostAtMs + momentMs, edgeBackAtMs)],
    ['without the edge', Math.min(edgeLostAtMs + momentMs, edgeBackAtMs), edgeBackAtMs],
    ['first 10 s after', edgeBackAtMs, edgeBackAtMs + momentMs],
    ['after the return', edgeBackAtMs + momentMs, horizonMs],
  ] as const
  const world = { fleet, requests, result }
  return {
    seed,
    rows: phases.flatMap(([phase, fromMs, toMs]) =>
      tenantGroups.map((group) => ({ phase, group, fromMs, toMs, ...phaseOf(world, group, fromMs, toMs) })),
    ),
    outsidePolicy: outsidePolicy(world),
    withoutFirstToken: requests.filter(({ index }) => result.log.firstMs[index] === 0).length,
    unfinished: requests.filter(({ index }) => result.log.state[index] !== stateFinished).length,
    backAfterMs: backAfterMs(world, warmUpMs, market.tiers, horizonMs),
    figures: measureRun({ fleet, requests, settings }, result),
  }
}

interface World {
  fleet: SimFleet
  requests: readonly SimRequest[]
  result: SimulationResult
}

const groupOf = ({ tenant }: SimRequest): TenantGroup => (tenant % 2 === 0 ? 'anywhere' : 'Germany')

const wishes: RoutingPolicy = {
  valueOfSecondMicroUsd: 200_000,
  valueOfGenerationSecondMicroUsd: 1_000,
  maxPrice: { inPerMtok: null, outPerMtok: null, requestMicroUsd: null },
  ttftSloMs: 500,
  tpotSloMs: 50,
  admission: 'capacity',
  regions: null,
  exclude: [],
  minTrust: 'claimed',
  dataPolicy: 'any',
  gpuClasses: null,
  allowFallbacks: true,
}
const policies: Record<TenantGroup, RoutingPolicy> = { anywhere: wishes, Germany: { ...wishes, regions: ['DE'] } }

const replicaOf = ({ fleet, result }: World, attempt: number): SimReplica =>
  fleet.replicas[result.attempts.replica[attempt] as number] as SimReplica

function phaseOf(world: World, group: TenantGroup, fromMs: number, toMs: number) {
  const { requests, result } = world
  const { attempts, log } = result
  const counted = requests.filter(
    (request) => request.arriveMs >= fromMs && request.arriveMs < toMs && groupOf(request) === group,
  )
  const ids = new Set(counted.map(({ index }) => index))
  const tierOf = new Map<number, Tier>()
  for (let attempt = 0; attempt < attempts.count; attempt++) {
    const index = attempts.request[attempt] as number
    const firstMs = attempts.firstMs[attempt] as number
    if (ids.has(index) && firstMs > 0 && firstMs === log.firstMs[index])
      tierOf.set(index, replicaOf(world, attempt).tier)
  }
  const ttftOf = ({ index, arriveMs }: SimRequest) => {
    const firstMs = log.firstMs[index] as number
    return firstMs > 0 ? firstMs - arriveMs : Infinity
  }
  const byTier = (tier: Tier) => counted.filter(({ index }) => tierOf.get(index) === tier).map(ttftOf)
  const all = counted.map(ttftOf)
  const of = <T>(value: (tier: Tier) => T) =>
    Object.fromEntries(tiers.map((tier) => [tier, value(tier)])) as Record<Tier, T>
  return {
    requests: counted.length,
    share: of((tier) => byTier(tier).length / Math.max(1, counted.length)),
    ttftP50Ms: of((tier) => quantile(byTier(tier), 0.5)),
    allTtftP50Ms: quantile(all, 0.5) ?? 0,
    allTtftP99Ms: quantile(all, 0.99) ?? 0,
  }
}

function outsidePolicy(world: World): number {
  const { requests, result } = world
  let outside = 0
  for (let attempt = 0; attempt < result.attempts.count; attempt++) {
    const { regions } = policies[groupOf(requests[result.attempts.request[attempt] as number] as SimRequest)]
    if (regions && !regionAllowed(regions, replicaOf(world, attempt))) outside++
  }
  return outside
}

function backAfterMs(world: World, fromMs: number, tiersOf: Market['tiers'], horizonMs: number): number | null {
  const { attempts } = world.result
  const edgeShare = (startMs: number, endMs: number) => {
    let [edge, all] = [0, 0]
    for (let attempt = 0; attempt < attempts.count; attempt++) {
      const atMs = attempts.dispatchMs[attempt] as number
      if (atMs < startMs || atMs >= endMs) continue
      all++
      if (replicaOf(world, attempt).tier === 'edge') edge++
    }
    return all > 0 ? edge / all : 0
  }
  const former = edgeShare(fromMs, tiersOf.edgeLostAtMs)
  for (let startMs = tiersOf.edgeBackAtMs; startMs + 1_000 <= horizonMs; startMs += 1_000) {
    if (edgeShare(startMs, startMs + 1_000) >= 0.9 * former) return startMs + 1_000 - tiersOf.edgeBackAtMs
  }
  return null
}

function quantile(values: readonly number[], q: number): number | null {
  const sorted = values.toSorted((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.ceil(q * sorted.length) - 1)] ?? null
}
