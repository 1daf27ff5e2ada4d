/**
 * OpenRouter's default since 2026: shares of traffic by adjusted price and speed.
 *
 * Source: openrouter.ai/docs/guides/providers/traffic-routing and /docs/guides/routing/provider-routing (2026): compare
 * endpoints by effective price adjusted for TTFT, failed responses and 429s, against end-to-end tokens per second; endpoints
 * inside the "competitive edge" get most traffic, being a little behind costs little, past it the share drops fast, and every
 * endpoint keeps a small share for exploration. Each request draws by shares, retries from those left. A breaker pauses
 * endpoints far worse than their peers; a traffic cap is learned from 429s. Measured traffic, reaction within minutes.
 *
 * The documents give no constants. Chosen in the policy's favour: half-life of measurements 60 s; a second of TTFT counts as
 * a fifth of the lowest price; a doubled speed may cost √2 as much; shares halve at 20 % behind the best and fall with the
 * fourth power; exploration 1 % of traffic; the traffic cap starts at what the declared curve fits into the SLO (`slo-limits.ts`),
 * since engines here answer 429 only far past it. Customers with a latency target are told to set `preferred_min_throughput` and
 * `preferred_max_latency` (same page), which move slower endpoints to the end: set here to the request's SLOs.
 */
import type { PolicyWorld, SimPolicy, SimReplica, SimRequest } from '../sim-types.ts'
import { declaredTpotMs, declaredTtftMs, meanRequestPriceMicroUsd } from './parts/declared-capacity.ts'
import { createDecayingMean } from './parts/decaying-mean.ts'
import { createFleetView, observed, type FleetView } from './parts/fleet-view.ts'
import { pickWeighted, preferring, take } from './parts/pick.ts'
import { createSloLimits } from './parts/slo-limits.ts'
import { createTrafficMix, type TrafficMix } from './parts/traffic-mix.ts'

const halfLifeMs = 60_000
const priorWeight = 3
const ttftSecondInPrices = 0.2
const speedExponent = 0.5
const behindAtHalf = 0.2
const dropExponent = 4
const explorationShare = 0.01
/** Breaker: bad share above the peers' by this much, with this many attempts behind it. */
const breakerExcess = 0.2
const breakerWeightMin = 5
/** Traffic cap: streams at a 429 times this; grows by this share a second while there is none. */
const capAfter429 = 0.8
const capGrowthPerSecond = 0.005

export const openrouter: SimPolicy = {
  name: 'openrouter',
  source: 'openrouter.ai/docs/guides/providers/traffic-routing and .../routing/provider-routing (2026)',
  rule: 'Random by shares that fall fast with price, adjusted for measured TTFT, errors, 429s and speed, behind the best; breaker, learned traffic cap, and preferred latency and throughput set to the SLO.',
  create(world) {
    const view = createFleetView(world)
    const mix = createTrafficMix()
    const endpoints = world.replicas.map((replica) => createEndpoint(world, replica, mix))
    const limits = createSloLimits(world, view, mix)
    const shares = createShares(world, view, endpoints)
    return observed(
      {
        choose(request, nowMs, tried) {
          const left = shares.refreshed(nowMs)
          const candidates = view.candidates(tried)
          const open = preferring(candidates, (replica) => left.paused[replica] !== true)
          const uncapped = limits
            .below(open, request, nowMs)
            .filter((replica) => view.streams(replica) < (endpoints[replica]?.streamsCap(nowMs) ?? 0))
          if (uncapped.length === 0) return take(limits.leastFull(open, request))
          const preferred = preferring(uncapped, (replica) => endpoints[replica]?.isPreferred(request, nowMs) ?? false)
          // Exploration goes to any open endpoint, preferred or not: how else would it be seen to have improved?
          const pool = world.rng.unit() < explorationShare ? uncapped : preferred
          return take(pickWeighted(pool, (replica) => left.weight[replica] ?? 0, world.rng))
        },
        onFirstToken: (replica, _, ttftMs, nowMs) => endpoints[replica]?.ttftMs.add(ttftMs, nowMs),
        onEnd(replica, _, outcome, nowMs) {
          const endpoint = endpoints[replica]
          if (endpoint === undefined) return
          endpoint.bad.add(outcome.kind === 'finished' ? 0 : 1, nowMs)
          if (outcome.kind === 'refused') endpoint.refusedAt(view.streams(replica), nowMs)
          if (outcome.kind === 'finished' && outcome.tokensOut > 1 && outcome.tpotMs !== null)
            endpoint.msPerToken.add(outcome.tpotMs, nowMs)
        },
      },
      [view.hooks, mix.hooks, limits.hooks],
    )
  },
}

type Endpoint = ReturnType<typeof createEndpoint>

function createEndpoint(world: PolicyWorld, replica: SimReplica, mix: TrafficMix) {
  const ttftMs = createDecayingMean(halfLifeMs)
  const msPerToken = createDecayingMean(halfLifeMs)
  const bad = createDecayingMean(halfLifeMs)
  let cap = replica.concurrencyMax
  let capSetMs = 0
  const rttMs = world.rttMs[replica.index] ?? 0
  const ttft = (nowMs: number): number =>
    ttftMs.value(nowMs, rttMs + declaredTtftMs(replica, mix.tokensIn(), 0), priorWeight)
  const tpot = (nowMs: number): number =>
    msPerToken.value(nowMs, declaredTpotMs(replica, 1, mix.contextTokens()), priorWeight)
  return {
    ttftMs,
    msPerToken,
    bad,
    badShare: (nowMs: number) => bad.value(nowMs, 0, priorWeight),
    priceMicroUsd: () => meanRequestPriceMicroUsd(replica, mix),
    ttft,
    msPerTokenEndToEnd: (nowMs: number) => ttft(nowMs) / Math.max(1, mix.tokensOut()) + tpot(nowMs),
    isPreferred: (request: SimRequest, nowMs: number) =>
      tpot(nowMs) <= request.tpotSloMs && ttft(nowMs) <= request.ttftSloMs,
    refusedAt(streams: number, nowMs: number) {
      cap = Math.max(1, streams * capAfter429)
      capSetMs = nowMs
    },
    streamsCap: (nowMs: number) =>
      Math.min(replica.concurrencyMax, cap * (1 + capGrowthPerSecond) ** ((nowMs - capSetMs) / 1000)),
  }
}

/** Shares move with measurements, not with requests: worked out anew at most four times a second. */
function createShares(world: PolicyWorld, view: FleetView, endpoints: readonly Endpoint[]) {
  const weight: number[] = endpoints.map(() => 1)
  const paused: boolean[] = endpoints.map(() => false)
  let validUntilMs = -Infinity
  return {
    refreshed(nowMs: number): { weight: readonly number[]; paused: readonly boolean[] } {
      if (nowMs < validUntilMs) return { weight, paused }
      validUntilMs = nowMs + 250
      const up = world.replicas.map((replica) => replica.index).filter((replica) => view.isUp(replica))
      const lowestPrice = Math.min(...up.map((replica) => endpoints[replica]?.priceMicroUsd() ?? Infinity))
      const meanBad = up.reduce((sum, replica) => sum + (endpoints[replica]?.badShare(nowMs) ?? 0), 0) / up.length
      const scores = endpoints.map((endpoint) => {
        const secondsToFirst = endpoint.ttft(nowMs) / 1000
        const adjusted =
          endpoint.priceMicroUsd() / Math.max(0.05, 1 - endpoint.badShare(nowMs)) +
          ttftSecondInPrices * lowestPrice * secondsToFirst
        return adjusted * endpoint.msPerTokenEndToEnd(nowMs) ** speedExponent
      })
      const best = Math.min(...up.map((replica) => scores[replica] ?? Infinity))
      for (const [replica, endpoint] of endpoints.entries()) {
        weight[replica] = shareWeight((scores[replica] ?? Infinity) / best - 1)
        paused[replica] =
          endpoint.badShare(nowMs) > meanBad + breakerExcess && endpoint.bad.weight(nowMs) >= breakerWeightMin
      }
      return { weight, paused }
    },
  }
}

/** 1 for the best, a half at `behindAtHalf`, falling with the fourth power past it, never nothing. */
export function shareWeight(behind: number): number {
  return Number.isFinite(behind) ? 1e-4 + 1 / (1 + (Math.max(0, behind) / behindAtHalf) ** dropExponent) : 1e-4
}
