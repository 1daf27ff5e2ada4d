/**
 * A limit on streams for each replica, as an operator would configure it from the declared curve: what fits inside the TPOT
 * SLO, split among gateways by their part of the traffic, because each counts its own. The part is read off heartbeats
 * (own ÷ all streams of the fleet, over the last minute), as an operator would read it off a dashboard.
 *
 * Measured: one limit for all, checked against heartbeats, makes every gateway fill the same free places at once.
 */
import type { PolicyInstance, PolicyWorld, SimRequest } from '../../sim-types.ts'
import { createDecayingMean } from './decaying-mean.ts'
import { streamsInsideSlo } from './declared-capacity.ts'
import type { FleetView } from './fleet-view.ts'
import { pickLowest } from './pick.ts'
import type { TrafficMix } from './traffic-mix.ts'

/** Before the first heartbeats: one of four gateways. */
const shareAtFirst = 0.25
const priorStreams = 1
const halfLifeMs = 30_000

export interface SloLimits {
  /** Those below this gateway's part of their limit. */
  below(candidates: readonly number[], request: SimRequest, nowMs: number): number[]
  /** The one with the fewest own streams for its limit: where to go when all are at their limit. */
  leastFull(candidates: readonly number[], request: SimRequest): number | undefined
  hooks: Pick<PolicyInstance, 'onReport'>
}

export function createSloLimits(world: PolicyWorld, view: FleetView, mix: TrafficMix): SloLimits {
  const own = createDecayingMean(halfLifeMs)
  const all = createDecayingMean(halfLifeMs)
  const limit = (index: number, request: SimRequest): number => {
    const replica = world.replicas[index]
    return replica === undefined ? 0 : streamsInsideSlo(replica, mix, request.tpotSloMs)
  }
  return {
    below(candidates, request, nowMs) {
      const ownStreams = own.value(nowMs, shareAtFirst * priorStreams, 1)
      const share = ownStreams / Math.max(1e-9, all.value(nowMs, priorStreams, 1))
      return candidates.filter((index) => view.ownStreams(index) < Math.max(1, limit(index, request) * share))
    },
    leastFull: (candidates, request) =>
      pickLowest(candidates, (index) => view.ownStreams(index) / limit(index, request), world.rng),
    hooks: {
      onReport(_, report, nowMs) {
        own.add(report.ownStreams, nowMs)
        all.add(report.activeStreams + report.queuedStreams, nowMs)
      },
    },
  }
}
