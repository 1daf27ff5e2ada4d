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
import { choosingByPrice } from './parts/by-price.ts'
import { pickWeighted } from './parts/pick.ts'

export const inverseSquarePrice: SimPolicy = {
  name: 'inverse-square-price',
  source: 'openrouter.ai/docs/guides/routing/provider-selection, "Price-Based Load Balancing" (default until 2026)',
  rule: 'Random with weight 1 ÷ price² among replicas without significant outages in the last 30 s and below a stream limit from the declared curve.',
  create: (world) =>
    choosingByPrice(world, (replicas, priceMicroUsd, rng) =>
      pickWeighted(replicas, (replica) => priceMicroUsd(replica) ** -2, rng),
    ),
}
