/**
 * Round robin over the replicas whose link is up, with Envoy's default outlier detection. Each gateway starts at a random
 * place, so that several do not walk in step.
 *
 * Source: Envoy documentation, "Supported load balancers: Weighted round robin" with equal weights, v1.35.
 */
import type { SimPolicy } from '../sim-types.ts'
import { createFleetView, observed } from './parts/fleet-view.ts'
import { createOutlierEjection } from './parts/outlier-ejection.ts'
import { preferring, take } from './parts/pick.ts'

export const roundRobin: SimPolicy = {
  name: 'round-robin',
  source: 'Envoy documentation v1.35, "Supported load balancers: Weighted round robin" with equal weights',
  rule: 'Replicas in turn, each gateway from a random start; one that fails five times in a row is left out for 30 s.',
  create(world) {
    const view = createFleetView(world)
    const ejection = createOutlierEjection(world.replicas.length)
    const count = Math.max(1, world.replicas.length)
    let last = world.rng.below(count)
    return observed(
      {
        choose(_, nowMs, tried) {
          const candidates = preferring(view.candidates(tried), (replica) => !ejection.isOpen(replica, nowMs))
          const next = candidates.find((replica) => replica > last) ?? candidates[0]
          if (next !== undefined) last = next
          return take(next)
        },
      },
      [view.hooks, ejection.hooks],
    )
  },
}
