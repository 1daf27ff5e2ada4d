/**
 * OpenRouter's classic load balancing: among providers without significant outages in the last 30 s, one at random with
 * weight 1 ÷ price²; the others are fallbacks.
 *
 * Source: openrouter.ai/docs/guides/routing/provider-selection, "Price-Based Load Balancing (Default Strategy)" (as
 * published until 2026). Price is that of the mean request. In its favour one at the limit that an operator would set
 * (`parts/slo-limits.ts`) counts as one that answers 429: engines here do so only far past any SLO. Which are "the lowest-cost candidates" is not documented; the
 * documented example weighs all stable ones, and so does this.
 */
import type { SimPolicy } from '../sim-types.ts'
import { meanRequestPriceMicroUsd } from './parts/declared-capacity.ts'
import { createFleetView, observed } from './parts/fleet-view.ts'
import { pickWeighted, preferring, take } from './parts/pick.ts'
import { createRecentOutages } from './parts/recent-outages.ts'
import { createSloLimits } from './parts/slo-limits.ts'
import { createTrafficMix } from './parts/traffic-mix.ts'

export const inverseSquarePrice: SimPolicy = {
  name: 'inverse-square-price',
  source: 'openrouter.ai/docs/guides/routing/provider-selection, "Price-Based Load Balancing" (default until 2026)',
  rule: 'Random with weight 1 ÷ price² among replicas without significant outages in the last 30 s and below a stream limit from the declared curve.',
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
          const weight = (index: number): number => {
            const replica = world.replicas[index]
            return replica === undefined ? 0 : meanRequestPriceMicroUsd(replica, mix) ** -2
          }
          return take(pickWeighted(free, weight, world.rng))
        },
      },
      [view.hooks, outages.hooks, mix.hooks, limits.hooks],
    )
  },
}
