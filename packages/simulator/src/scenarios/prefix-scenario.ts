/**
 * Prefix affinity on Mooncake's conversation trace: how many of the hits of one infinite cache a pool of real caches
 * gets, and how evenly the work is spread while it does.
 *
 * Several gateways, each of which knows only what it sent itself. Requests of one conversation come in at one gateway,
 * as clients keep their connection (`gateways: 'sticky'`); `'any'` deals every single request, the hardest case.
 */
import { prng } from '@isochrone/domain'
import type { TraceRequest } from '../data/read-trace.ts'
import { outcomeFinished } from '../run/attempts.ts'
import { measureRun, type RunFigures } from '../run/measure.ts'
import { noFaults } from '../run/plan-faults.ts'
import { marketSettings } from '../run/settings.ts'
import { simulate, type SimulationResult } from '../run/simulate.ts'
import type { Market } from '../scenario/load-market.ts'
import type { SimPolicy, SimRequest } from '../sim-types.ts'
import { subSeed } from '../sub-seed.ts'
import { gatewayAt } from '../workload/gateway-at.ts'
import { mooncakeWorkload } from '../workload/mooncake-workload.ts'
import { infiniteCacheHits } from './infinite-cache.ts'
import { loadSpread, type LoadSpread } from './load-spread.ts'
import { poolFleet } from './pool-fleet.ts'

export interface PrefixScenarioInput {
  market: Market
  trace: readonly TraceRequest[]
  policy: SimPolicy
  seed: number
  gateways?: 'sticky' | 'any'
  /** Runs the trace's clock this many times as fast: the same prompts at a higher load. Default 1. */
  speedUp?: number
  replicas?: number
  kvTokensPerReplica?: number
}

export interface PrefixScenarioResult {
  policy: string
  seed: number
  /** Prompt tokens found in caches ÷ those that one infinite cache would have found. */
  shareOfInfinite: number
  /** Of all prompt tokens: of the run, and of the infinite cache. */
  hitShare: number
  infiniteHitShare: number
  /** Over the whole trace; and the mean and the worst of its windows of `loadWindowMs`. */
  load: LoadSpread
  windowLoadMean: number
  windowLoadMax: number
  figures: RunFigures
}

export function prefixScenario(input: PrefixScenarioInput): PrefixScenarioResult {
  const { market, policy, seed, replicas = market.prefix.replicas } = input
  const requests = prefixWorkload(input)
  const fleet = poolFleet({ market, replicas, kvTokens: input.kvTokensPerReplica ?? market.prefix.kvTokensPerReplica })
  const settings = marketSettings({ warmUpMs: 0, horizonMs: (requests.at(-1)?.arriveMs ?? 0) + 1 }, market)
  const result = simulate({ fleet, requests, policy, settings, faults: noFaults, seed })
  const infinite = infiniteCacheHits(requests, settings.prefixBlockTokens)
  const cached = cachedTokens(result)
  const { attempts } = result
  const windowMs = market.prefix.loadWindowMs
  const windows = Array.from({ length: Math.floor(settings.horizonMs / windowMs) }, (_, window) =>
    loadSpread(
      fleet,
      attempts,
      (attempt) => Math.floor((attempts.dispatchMs[attempt] as number) / windowMs) === window,
    ),
  ).map(({ engineTime }) => engineTime)
  const load = loadSpread(fleet, attempts, () => true)
  return {
    policy: policy.name,
    seed,
    shareOfInfinite: cached / Math.max(1, infinite.tokens),
    hitShare: cached / Math.max(1, infinite.promptTokens),
    infiniteHitShare: infinite.tokens / Math.max(1, infinite.promptTokens),
    load,
    windowLoadMean: windows.length ? windows.reduce((a, b) => a + b, 0) / windows.length : load.engineTime,
    windowLoadMax: windows.length ? Math.max(...windows) : load.engineTime,
    figures: measureRun({ fleet, requests, settings }, result),
  }
}

function prefixWorkload({ trace, market, seed, gateways = 'sticky', speedUp = 1 }: PrefixScenarioInput): SimRequest[] {
  const requests = mooncakeWorkload({ trace, market, seed })
  const rng = prng(subSeed(seed, 'prefix gateways'))
  return requests.map((request) => ({
    ...request,
    arriveMs: request.arriveMs / speedUp,
    gateway: gateways === 'any' ? gatewayAt(rng.unit(), market.demandShareByGateway) : request.gateway,
  }))
}

/** Of finished attempts alone: a hit on an attempt that came to nothing spared nobody anything. */
function cachedTokens({ attempts }: SimulationResult): number {
  let cached = 0
  for (let attempt = 0; attempt < attempts.count; attempt++) {
    if (attempts.outcome[attempt] === outcomeFinished) cached += attempts.cached[attempt] as number
  }
  return cached
}
