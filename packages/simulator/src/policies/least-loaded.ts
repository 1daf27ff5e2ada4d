/**
 * The replica with the fewest outstanding requests, as far as this gateway knows: reported by the node, plus its own since.
 *
 * Source: LiteLLM `least-busy`; NGINX `least_conn`; Envoy "Weighted least request" with all hosts scanned. Ties at random.
 */
import type { SimPolicy } from '../sim-types.ts'
import { createFleetView, observed } from './parts/fleet-view.ts'
import { createOutlierEjection } from './parts/outlier-ejection.ts'
import { pickLowest, preferring, take } from './parts/pick.ts'

export const leastLoaded: SimPolicy = {
  name: 'least-loaded',
  source: 'Envoy documentation v1.35, "Weighted least request" with a full scan; NGINX least_conn',
  rule: 'The fewest outstanding requests, reported plus own; one that fails five times in a row is left out for 30 s.',
  create(world) {
    const view = createFleetView(world)
    const ejection = createOutlierEjection(world.replicas.length)
    return observed(
      {
        choose(_, nowMs, tried) {
          const healthy = preferring(view.candidates(tried), (replica) => !ejection.isOpen(replica, nowMs))
          return take(pickLowest(healthy, view.streams, world.rng))
        },
      },
      [view.hooks, ejection.hooks],
    )
  },
}
