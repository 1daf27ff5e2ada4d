/**
 * LiteLLM `cost-based-routing`: the lowest input price plus output price per token among the deployments that are healthy
 * and under their limits.
 *
 * Source: docs.litellm.ai/docs/routing, "Lowest Cost Routing" (2026-10-03). Ties, which LiteLLM gives to the first of its
 * list, are shared. Limits and cooldowns as in `parts/litellm-limits.ts`.
 */
import type { SimPolicy } from '../sim-types.ts'
import { createFleetView, observed } from './parts/fleet-view.ts'
import { createLitellmLimits } from './parts/litellm-limits.ts'
import { pickLowest, take } from './parts/pick.ts'
import { createTrafficMix } from './parts/traffic-mix.ts'

export const litellmCost: SimPolicy = {
  name: 'litellm-cost',
  source: 'docs.litellm.ai/docs/routing, "Lowest Cost Routing", "Max Parallel Requests", "Cooldowns" (2026-10-03)',
  rule: 'The lowest input plus output price among replicas under rpm, tpm and parallel limits from the declared curve; 5 s cooldown after a 429 or more than 3 failures a minute.',
  create(world) {
    const view = createFleetView(world)
    const mix = createTrafficMix()
    const limits = createLitellmLimits(world, view, mix)
    const price = (index: number): number => {
      const prices = world.replicas[index]?.prices
      return prices === undefined ? Infinity : prices.inPerMtok + prices.outPerMtok
    }
    return observed(
      {
        choose(request, nowMs, tried) {
          const candidates = view.candidates(tried)
          const available = limits.available(candidates, request, nowMs)
          if (available.length === 0) return limits.instead(candidates, request, nowMs)
          return take(pickLowest(available, price, world.rng))
        },
      },
      [view.hooks, mix.hooks, limits.hooks],
    )
  },
}
