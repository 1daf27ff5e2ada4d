/**
 * The lowest price first, the next one when a provider fails or is full: `sort: price` of OpenRouter.
 *
 * Source: openrouter.ai/docs/guides/routing/provider-selection, "Provider sorting" and "Floor price shortcut" (2026):
 * load balancing is off, providers are tried in order of price; those with outages in the last 30 s go last.
 * The price is that of the mean request. By itself the rule fills the cheapest replica to its declared concurrency, far past
 * any SLO. In its favour one at the limit that an operator would set (`parts/slo-limits.ts`) is passed over, and a 429
 * counts as an outage.
 */
import type { SimPolicy } from '../sim-types.ts'
import { meanRequestPriceMicroUsd } from './parts/declared-capacity.ts'
import { createFleetView, observed } from './parts/fleet-view.ts'
import { pickLowest, preferring, take } from './parts/pick.ts'
import { createRecentOutages } from './parts/recent-outages.ts'
import { createSloLimits } from './parts/slo-limits.ts'
import { createTrafficMix } from './parts/traffic-mix.ts'

export const cheapest: SimPolicy = {
  name: 'cheapest',
  source: 'openrouter.ai/docs/guides/routing/provider-selection, "sort: price" (2026)',
  rule: 'The lowest price for the mean request among replicas without an outage in 30 s and below a stream limit from the declared curve.',
  create(world) {
    const view = createFleetView(world)
    const outages = createRecentOutages(world.replicas.length)
    const mix = createTrafficMix()
    const limits = createSloLimits(world, view, mix)
    return observed(
      {
        choose(request, nowMs, tried) {
          const stable = preferring(view.candidates(tried), (replica) => !outages.isUnstable(replica, nowMs))
          const free = limits.below(stable, request, nowMs)
          if (free.length === 0) return take(limits.leastFull(stable, request))
          const price = (index: number): number => {
            const replica = world.replicas[index]
            return replica === undefined ? Infinity : meanRequestPriceMicroUsd(replica, mix)
          }
          return take(pickLowest(free, price, world.rng))
        },
      },
      [view.hooks, outages.hooks, mix.hooks, limits.hooks],
    )
  },
}
