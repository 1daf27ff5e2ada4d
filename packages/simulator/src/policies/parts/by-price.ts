/**
 * What the rules of OpenRouter that go by price have in common: the price of the mean request, providers with an outage
 * in the last 30 s last, and in their favour a limit on streams that an operator would set (`slo-limits.ts`): by
 * themselves they fill a replica to its declared concurrency, far past any SLO, before it answers 429.
 */
import type { Prng } from '@isochrone/domain'
import type { PolicyInstance, PolicyWorld } from '../../sim-types.ts'
import { meanRequestPriceMicroUsd } from './declared-capacity.ts'
import { createFleetView, observed } from './fleet-view.ts'
import { preferring, take } from './pick.ts'
import { createRecentOutages } from './recent-outages.ts'
import { createSloLimits } from './slo-limits.ts'
import { createTrafficMix } from './traffic-mix.ts'

/** One of several replicas by their prices in µUSD; a replica that is not known costs Infinity. */
export type PickByPrice = (
  replicas: readonly number[],
  priceMicroUsd: (replica: number) => number,
  rng: Prng,
) => number | undefined

export function choosingByPrice(world: PolicyWorld, pick: PickByPrice): PolicyInstance {
  const view = createFleetView(world)
  const outages = createRecentOutages(world.replicas.length)
  const mix = createTrafficMix()
  const limits = createSloLimits(world, view, mix)
  const priceMicroUsd = (index: number): number => {
    const replica = world.replicas[index]
    return replica === undefined ? Infinity : meanRequestPriceMicroUsd(replica, mix)
  }
  return observed(
    {
      choose(request, nowMs, tried) {
        const stable = preferring(view.candidates(tried), (replica) => !outages.isUnstable(replica, nowMs))
        const free = limits.below(stable, request, nowMs)
        return take(free.length === 0 ? limits.leastFull(stable, request) : pick(free, priceMicroUsd, world.rng))
      },
    },
    [view.hooks, outages.hooks, mix.hooks, limits.hooks],
  )
}
