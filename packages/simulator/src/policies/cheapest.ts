/**
 * The lowest price first, the next one when a provider fails or is full: `sort: price` of OpenRouter.
 *
 * Source: openrouter.ai/docs/guides/routing/provider-selection, "Provider sorting" and "Floor price shortcut" (2026):
 * load balancing is off, providers are tried in order of price; those with outages in the last 30 s go last.
 * The price is that of the mean request. In its favour: a replica at its declared concurrency, which would answer 429,
 * is passed over without the wasted round trip, and a 429 counts as an outage.
 */
import type { SimPolicy } from '../sim-types.ts'
import { meanRequestPriceMicroUsd } from './parts/declared-capacity.ts'
import { createFleetView, observed } from './parts/fleet-view.ts'
import { pickLowest, preferring, take } from './parts/pick.ts'
import { createRecentOutages } from './parts/recent-outages.ts'
import { createTrafficMix } from './parts/traffic-mix.ts'

export const cheapest: SimPolicy = {
  name: 'cheapest',
  source: 'openrouter.ai/docs/guides/routing/provider-selection, "sort: price" (2026)',
  rule: 'The lowest price for the mean request among replicas without an outage in 30 s and below their declared concurrency.',
  create(world) {
    const view = createFleetView(world)
    const outages = createRecentOutages(world.replicas.length)
    const mix = createTrafficMix()
    return observed(
      {
        choose(_, nowMs, tried) {
          const stable = preferring(view.candidates(tried), (replica) => !outages.isUnstable(replica, nowMs))
          const free = preferring(
            stable,
            (replica) => view.streams(replica) < (world.replicas[replica]?.concurrencyMax ?? 0),
          )
          const price = (index: number): number => {
            const replica = world.replicas[index]
            return replica === undefined ? Infinity : meanRequestPriceMicroUsd(replica, mix)
          }
          return take(pickLowest(free, price, world.rng))
        },
      },
      [view.hooks, outages.hooks, mix.hooks],
    )
  },
}
