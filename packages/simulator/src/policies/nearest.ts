/**
 * The replica with the least round trip that is healthy and has a free place, as DNS and anycast steering do.
 *
 * Source: Amazon Route 53 Developer Guide, "Latency-based routing" with health checks; Cloudflare Load Balancing,
 * "Proximity steering". Neither knows load: by itself the rule sends a continent to one replica, which then fails. In its
 * favour a replica at the limit that an operator would set (`parts/slo-limits.ts`) counts as unhealthy, and Envoy's outlier
 * detection stands for the health check.
 */
import type { SimPolicy } from '../sim-types.ts'
import { createFleetView, observed } from './parts/fleet-view.ts'
import { createOutlierEjection } from './parts/outlier-ejection.ts'
import { pickLowest, preferring, take } from './parts/pick.ts'
import { createSloLimits } from './parts/slo-limits.ts'
import { createTrafficMix } from './parts/traffic-mix.ts'

export const nearest: SimPolicy = {
  name: 'nearest',
  source: 'Amazon Route 53 Developer Guide, "Latency-based routing" with health checks (2025)',
  rule: 'The replica with the least round trip among those that are healthy and below a stream limit from the declared curve.',
  create(world) {
    const view = createFleetView(world)
    const ejection = createOutlierEjection(world.replicas.length)
    const mix = createTrafficMix()
    const limits = createSloLimits(world, view, mix)
    return observed(
      {
        choose(request, nowMs, tried) {
          const healthy = preferring(view.candidates(tried), (replica) => !ejection.isOpen(replica, nowMs))
          const free = limits.below(healthy, request, nowMs)
          if (free.length === 0) return take(limits.leastFull(healthy, request))
          return take(pickLowest(free, (replica) => world.rttMs[replica] ?? Infinity, world.rng))
        },
      },
      [view.hooks, ejection.hooks, mix.hooks, limits.hooks],
    )
  },
}
