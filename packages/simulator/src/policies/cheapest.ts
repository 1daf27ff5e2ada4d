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
import { choosingByPrice } from './parts/by-price.ts'
import { pickLowest } from './parts/pick.ts'

export const cheapest: SimPolicy = {
  name: 'cheapest',
  source: 'openrouter.ai/docs/guides/routing/provider-selection, "sort: price" (2026)',
  rule: 'The lowest price for the mean request among replicas without an outage in 30 s and below a stream limit from the declared curve.',
  create: (world) => choosingByPrice(world, pickLowest),
}
