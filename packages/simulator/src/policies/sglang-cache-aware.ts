/**
 * SGLang's router, policy `cache_aware`: balanced fleets go by prefix, imbalanced ones by shortest queue.
 *
 * Source: SGLang model gateway, src/policies/cache_aware.rs and router_args.py (2026): imbalanced when max − min > 64 and
 * max > 1.5 · min requests; else the worker with the longest prefix match if it is more than 0.3 of the prompt (0.5 in
 * older versions), else the least loaded. Circuit breaker: 10 failures in a row open it for 60 s; 3 successes close it.
 * The router counts and remembers its own dispatches. In its favour ties are shared.
 */
import type { SimPolicy } from '../sim-types.ts'
import { createFleetView, observed } from './parts/fleet-view.ts'
import { createHeldBlocks } from './parts/held-blocks.ts'
import { pickLowest, preferring, take } from './parts/pick.ts'

const cacheThreshold = 0.3
const balanceAbsThreshold = 64
const balanceRelThreshold = 1.5
const breaker = { failures: 10, openMs: 60_000 }

export const sglangCacheAware: SimPolicy = {
  name: 'sglang-cache-aware',
  source: 'SGLang model gateway, src/policies/cache_aware.rs and defaults of router_args.py (2026)',
  rule: 'The longest prefix match above 0.3 of the prompt, else the fewest requests; the fewest also whenever max − min > 64 and max > 1.5 · min; breaker after 10 failures in a row, 60 s.',
  create(world) {
    const view = createFleetView(world)
    const held = createHeldBlocks(world)
    const row = new Float64Array(world.replicas.length)
    const openUntilMs = new Float64Array(world.replicas.length)
    return observed(
      {
        choose(request, nowMs, tried) {
          const healthy = preferring(view.candidates(tried), (replica) => (openUntilMs[replica] ?? 0) <= nowMs)
          const least = (): number | undefined => pickLowest(healthy, view.ownStreams, world.rng)
          if (request.prefixHashes.length === 0 || isImbalanced(healthy.map(view.ownStreams))) return take(least())
          const longest = Math.max(0, ...healthy.map((replica) => held.matched(replica, request.prefixHashes)))
          if (longest / request.prefixHashes.length <= cacheThreshold) return take(least())
          const holders = healthy.filter((replica) => held.matched(replica, request.prefixHashes) === longest)
          return take(pickLowest(holders, view.ownStreams, world.rng))
        },
        onEnd(replica, _, outcome, nowMs) {
          if (outcome.kind === 'finished') row[replica] = 0
          if (outcome.kind !== 'failed') return
          row[replica] = (row[replica] ?? 0) + 1
          if ((row[replica] ?? 0) < breaker.failures) return
          openUntilMs[replica] = nowMs + breaker.openMs
          // Half open afterwards: one more failure opens it again.
          row[replica] = breaker.failures - 1
        },
      },
      [view.hooks, held.hooks],
    )
  },
}

/** Both thresholds must be passed. */
export function isImbalanced(loads: readonly number[]): boolean {
  if (loads.length === 0) return false
  const most = Math.max(...loads)
  const least = Math.min(...loads)
  return most - least > balanceAbsThreshold && most > balanceRelThreshold * least
}
