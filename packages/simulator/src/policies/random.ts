/**
 * Uniformly random among the replicas whose link is up and that Envoy's default outlier detection has not ejected.
 *
 * Source: Envoy documentation, "Supported load balancers: Random" and "Outlier detection", v1.35.
 */
import type { SimPolicy } from '../sim-types.ts'
import { createFleetView, observed } from './parts/fleet-view.ts'
import { createOutlierEjection } from './parts/outlier-ejection.ts'
import { pickUniform, preferring, take } from './parts/pick.ts'

export const random: SimPolicy = {
  name: 'random',
  source: 'Envoy documentation v1.35, "Supported load balancers: Random" with default outlier detection',
  rule: 'A uniformly random replica; one that fails five times in a row is left out for 30 s.',
  create(world) {
    const view = createFleetView(world)
    const ejection = createOutlierEjection(world.replicas.length)
    return observed(
      {
        choose(_, nowMs, tried) {
          const candidates = preferring(view.candidates(tried), (replica) => !ejection.isOpen(replica, nowMs))
          return take(pickUniform(candidates, world.rng))
        },
      },
      [view.hooks, ejection.hooks],
    )
  },
}
