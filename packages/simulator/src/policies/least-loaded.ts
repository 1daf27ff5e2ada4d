/**
 * The replica with the fewest outstanding requests of this gateway.
 *
 * Source: Envoy documentation, "Weighted least request" with a full scan (v1.35); NGINX `least_conn`: each proxy counts its
 * own connections. That is in its favour: with others' added from heartbeats, four gateways rush to the same minimum, and at
 * a utilisation of 0.4 one request in twenty misses its SLO instead of one in three hundred. Ties at random.
 */
import type { SimPolicy } from '../sim-types.ts'
import { createFleetView, observed } from './parts/fleet-view.ts'
import { createOutlierEjection } from './parts/outlier-ejection.ts'
import { pickLowest, preferring, take } from './parts/pick.ts'

export const leastLoaded: SimPolicy = {
  name: 'least-loaded',
  source: 'Envoy documentation v1.35, "Weighted least request" with a full scan; NGINX least_conn',
  rule: 'The fewest outstanding requests of this gateway; one that fails five times in a row is left out for 30 s.',
  create(world) {
    const view = createFleetView(world)
    const ejection = createOutlierEjection(world.replicas.length)
    return observed(
      {
        choose(_, nowMs, tried) {
          const healthy = preferring(view.candidates(tried), (replica) => !ejection.isOpen(replica, nowMs))
          return take(pickLowest(healthy, view.ownStreams, world.rng))
        },
      },
      [view.hooks, ejection.hooks],
    )
  },
}
