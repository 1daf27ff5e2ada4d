/**
 * How tight the bound is: the cheapest plan of a clairvoyant that keeps the SLO when its plan is really run.
 *
 * Plans with less and less headroom are tried in the simulator, with the same faults as every policy, as a policy that
 * sends each request where the plan says (and where a plan's attempt failed, to the cheapest replica that is up). The
 * cheapest plan that meets the SLO shows that no more than the gap between it and the bound is the bound's own slack.
 */
import { invariant } from '@isochrone/domain'
import { measureRun, type RunFigures } from '../run/measure.ts'
import type { FaultPlan } from '../run/plan-faults.ts'
import type { SimSettings } from '../run/settings.ts'
import { simulate } from '../run/simulate.ts'
import type { Market } from '../scenario/load-market.ts'
import type { SimFleet, SimPolicy, SimRequest } from '../sim-types.ts'
import { meetsSloFrom } from './assert-not-below-bound.ts'
import { planClairvoyantly } from './plan-clairvoyantly.ts'

export interface HindsightInput {
  fleet: SimFleet
  requests: readonly SimRequest[]
  market: Market
  settings: SimSettings
  faults: FaultPlan
  seed: number
  /** Tried in this order; each is a plan and a simulated run. */
  headrooms?: readonly number[]
}

export interface HindsightStep {
  headroom: number
  crowded: number
  moves: number
  figures: RunFigures
}

export interface HindsightResult {
  /** The cheapest plan that met the SLO when run; null when none did. */
  best: HindsightStep | null
  tried: HindsightStep[]
}

const defaultHeadrooms = [0.98, 0.95, 0.92, 0.88, 0.84]

export async function hindsightSearch(input: HindsightInput): Promise<HindsightResult> {
  const { fleet, requests, market } = input
  const tried: HindsightStep[] = []
  let best: HindsightStep | null = null
  for (const headroom of input.headrooms ?? defaultHeadrooms) {
    const plan = await planClairvoyantly({
      requests,
      fleet: fleet.replicas,
      market,
      rttMs: fleet.rttMs,
      faults: input.faults,
      headroom,
    })
    const policy = fixedAssignment(plan.replicaOf)
    const figures = measureRun(input, simulate({ ...input, policy }))
    const step = { headroom, crowded: plan.crowded, moves: plan.moves, figures }
    tried.push(step)
    const meets = figures.sloAttainment >= meetsSloFrom
    if (meets && (best === null || costOf(step) < costOf(best))) best = step
  }
  return { best, tried }
}

const costOf = ({ figures }: HindsightStep) => figures.costPerMtok ?? Infinity

/** Sends request i to `replicaOf[i]`; later attempts to the cheapest replica that is up and has not failed it. */
function fixedAssignment(replicaOf: Int32Array): SimPolicy {
  return {
    name: 'hindsight',
    source: 'bounds/plan-clairvoyantly.ts',
    rule: 'Sends each request where a plan made with knowledge of the future says.',
    create({ replicas }) {
      const down = new Set<number>()
      const byPrice = replicas.toSorted((a, b) => a.prices.outPerMtok - b.prices.outPerMtok || a.index - b.index)
      return {
        choose(request, _nowMs, tried) {
          const planned = replicaOf[request.index]
          invariant(planned !== undefined, 'the plan covers every request')
          if (!tried.includes(planned) && !down.has(planned)) return { kind: 'replica', replica: planned }
          const other = byPrice.find(({ index }) => !tried.includes(index) && !down.has(index))
          return other ? { kind: 'replica', replica: other.index } : { kind: 'wait', afterMs: 500 }
        },
        onLink(replica, up) {
          if (up) down.delete(replica)
          else down.add(replica)
        },
      }
    },
  }
}
