/**
 * The replica with the least round trip that is healthy and has a free place, as DNS and anycast steering do.
 *
 * Source: Amazon Route 53 Developer Guide, "Latency-based routing" with health checks; Cloudflare Load Balancing,
 * "Proximity steering". Neither knows load; in their favour, a replica at its declared concurrency counts as unhealthy,
 * and Envoy's outlier detection stands for the health check.
 */
import type { SimPolicy } from '../sim-types.ts'
import { createFleetView, observed } from './parts/fleet-view.ts'
import { createOutlierEjection } from './parts/outlier-ejection.ts'
import { pickLowest, preferring, take } from './parts/pick.ts'

export const nearest: SimPolicy = {
  name: 'nearest',
  source: 'Amazon Route 53 Developer Guide, "Latency-based routing" with health checks (2025)',
  rule: 'The replica with the least round trip among those that are healthy and below their declared concurrency.',
  create(world) {
    const view = createFleetView(world)
    const ejection = createOutlierEjection(world.replicas.length)
    return observed(
      {
        choose(_, nowMs, tried) {
          const healthy = preferring(view.candidates(tried), (replica) => !ejection.isOpen(replica, nowMs))
          const free = preferring(
            healthy,
            (replica) => view.streams(replica) < (world.replicas[replica]?.concurrencyMax ?? 0),
          )
          return take(pickLowest(free, (replica) => world.rttMs[replica] ?? Infinity, world.rng))
        },
      },
      [view.hooks, ejection.hooks],
    )
  },
}
