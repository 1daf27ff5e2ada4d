/**
 * Two distinct random replicas, the one with fewer outstanding requests of this gateway, as Envoy counts.
 *
 * Source: Mitzenmacher, "The Power of Two Choices in Randomized Load Balancing" (IEEE TPDS 2001); Envoy's default for
 * "Weighted least request" (choice_count 2), v1.35, with its default outlier detection.
 */
import type { SimPolicy } from '../sim-types.ts'
import { createFleetView, observed } from './parts/fleet-view.ts'
import { createOutlierEjection } from './parts/outlier-ejection.ts'
import { pickLowest, preferring, take } from './parts/pick.ts'

export const powerOfTwoChoices: SimPolicy = {
  name: 'power-of-two-choices',
  source: 'Mitzenmacher, "The Power of Two Choices in Randomized Load Balancing", IEEE TPDS 2001; Envoy v1.35 default',
  rule: 'Of two random replicas the one with fewer outstanding requests of this gateway.',
  create(world) {
    const view = createFleetView(world)
    const ejection = createOutlierEjection(world.replicas.length)
    return observed(
      {
        choose(_, nowMs, tried) {
          const healthy = preferring(view.candidates(tried), (replica) => !ejection.isOpen(replica, nowMs))
          if (healthy.length === 0) return take(undefined)
          const first = world.rng.below(healthy.length)
          const second =
            healthy.length === 1 ? first : (first + 1 + world.rng.below(healthy.length - 1)) % healthy.length
          const pair = [healthy[first], healthy[second]].filter((replica) => replica !== undefined)
          return take(pickLowest(pair, view.ownStreams, world.rng))
        },
      },
      [view.hooks, ejection.hooks],
    )
  },
}
