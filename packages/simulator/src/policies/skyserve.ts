/**
 * SkyServe's instance-aware least load: in-flight requests ÷ target QPS of the accelerator, the lowest wins.
 *
 * Source: SkyPilot, sky/serve/load_balancing_policies.py (`instance_aware_least_load`) and docs.skypilot.co, "Serving
 * models: load balancing and target_qps_per_replica by accelerator" (2025); Mao et al., "SkyServe", EuroSys 2025. The target
 * QPS is what the declared curve can finish inside the TPOT SLO. Each load balancer counts its own requests. Its spot
 * placement decides where replicas are launched; here the fleet is given, so that part has nothing to choose.
 */
import type { SimPolicy } from '../sim-types.ts'
import { requestsPerSecondInsideSlo } from './parts/declared-capacity.ts'
import { createFleetView, observed } from './parts/fleet-view.ts'
import { pickLowest, take } from './parts/pick.ts'
import { createTrafficMix } from './parts/traffic-mix.ts'

export const skyserve: SimPolicy = {
  name: 'skyserve',
  source: 'SkyPilot sky/serve/load_balancing_policies.py, "instance_aware_least_load" (2025); SkyServe, EuroSys 2025',
  rule: 'The fewest requests in flight ÷ target QPS of the GPU class, the target from the declared curve inside the SLO.',
  create(world) {
    const view = createFleetView(world)
    const mix = createTrafficMix()
    return observed(
      {
        choose(request, _, tried) {
          const load = (index: number): number => {
            const replica = world.replicas[index]
            if (replica === undefined) return Infinity
            return view.ownStreams(index) / requestsPerSecondInsideSlo(replica, mix, request.tpotSloMs)
          }
          return take(pickLowest(view.candidates(tried), load, world.rng))
        },
      },
      [view.hooks, mix.hooks],
    )
  },
}
