/**
 * Livepeer's gateway for AI jobs: a random idle orchestrator, by weights of stake, price and chance; when none is idle, a
 * random one in use. One that errs leaves the pool until a refresh.
 *
 * Source: go-livepeer v0.8, server/selection_algorithm.go and server/ai_session.go; flags selectRandFreq 0.3,
 * selectStakeWeight 0.7, selectPriceWeight 0, selectPriceExpFactor 100: P = Σ weight · share, with price share ∝
 * exp(−price ÷ factor). Nobody has a stake here, so in its favour the 0.7 goes to price, and prices are in units in which
 * the lowest is 100: a provider at twice the lowest price gets 1/e of its share. Pools refresh every 10 minutes, or when
 * fewer than half are left; an orchestrator caps its sessions (-maxSessions), here at `parts/slo-limits.ts`; a suspension lasts until a refresh (3 refreshes in theirs: the shorter is in its favour).
 */
import type { SimPolicy } from '../sim-types.ts'
import { meanRequestPriceMicroUsd } from './parts/declared-capacity.ts'
import { createFleetView, observed } from './parts/fleet-view.ts'
import { pickUniform, pickWeighted, preferring, take } from './parts/pick.ts'
import { createSloLimits } from './parts/slo-limits.ts'
import { createTrafficMix } from './parts/traffic-mix.ts'

const priceWeight = 0.7
const randWeight = 0.3
const priceExpFactor = 100
const lowestPriceUnits = 100
const refreshMs = 600_000

export const livepeer: SimPolicy = {
  name: 'livepeer',
  source: 'go-livepeer v0.8, server/selection_algorithm.go and ai_session.go, documented flags of the gateway',
  rule: 'A random idle replica with weight 0.7 · exp(−price) share + 0.3 · equal share, else a random one; one that errs is suspended until the next refresh.',
  create(world) {
    const view = createFleetView(world)
    const mix = createTrafficMix()
    const limits = createSloLimits(world, view, mix)
    const suspended = new Set<number>()
    let refreshedMs = 0
    const price = (index: number): number => {
      const replica = world.replicas[index]
      return replica === undefined ? Infinity : meanRequestPriceMicroUsd(replica, mix)
    }
    return observed(
      {
        choose(request, nowMs, tried) {
          const tooFew = world.replicas.length - suspended.size < Math.ceil(world.replicas.length / 2)
          if (tooFew || nowMs - refreshedMs >= refreshMs) {
            suspended.clear()
            refreshedMs = nowMs
          }
          const pool = preferring(view.candidates(tried), (replica) => !suspended.has(replica))
          const idle = pool.filter((replica) => view.ownStreams(replica) === 0)
          if (idle.length === 0) {
            const free = limits.below(pool, request, nowMs)
            return take(free.length > 0 ? pickUniform(free, world.rng) : limits.leastFull(pool, request))
          }
          const weights = livepeerProbabilities(idle.map(price))
          return take(pickWeighted(idle, (replica) => weights[idle.indexOf(replica)] ?? 0, world.rng))
        },
        onEnd(replica, _, outcome) {
          if (outcome.kind !== 'finished') suspended.add(replica)
        },
      },
      [view.hooks, mix.hooks, limits.hooks],
    )
  },
}

/** Probability of each orchestrator from its price. */
export function livepeerProbabilities(prices: readonly number[]): number[] {
  const lowest = Math.min(...prices)
  const normalised = prices.map((price) => Math.exp(-(price / lowest) * (lowestPriceUnits / priceExpFactor)))
  const sum = normalised.reduce((total, value) => total + value, 0)
  return normalised.map((value) => (priceWeight * value) / sum + randWeight / prices.length)
}
