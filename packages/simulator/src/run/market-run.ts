/**
 * One seed of the market that `npm run sim` compares policies in: fleet, workload, faults and bound, all drawn by the
 * seed, and the same for every policy.
 */
import { lpBound, type LpBound } from '../bounds/lp-bound.ts'
import type { MarketData } from '../data/read-market-data.ts'
import { buildMarketFleet, type MarketFleet } from '../fleet/build-market-fleet.ts'
import type { Market } from '../scenario/load-market.ts'
import type { SimPolicy, SimRequest } from '../sim-types.ts'
import { requestsAt, type MarketWorkload } from '../workload/market-workload.ts'
import { measureRun, type RunFigures } from './measure.ts'
import { planFaults, type FaultPlan, type FaultSwitches } from './plan-faults.ts'
import { marketSettings, type SimSettings } from './settings.ts'
import { simulate } from './simulate.ts'

export interface MarketRunInput {
  market: Market
  data: MarketData
  workload: MarketWorkload
  util: number
  seed: number
  /** Default: the market's. */
  horizonMs?: number | undefined
  faults: FaultSwitches
}

export interface MarketRun {
  seed: number
  market: Market
  fleet: MarketFleet
  requests: readonly SimRequest[]
  settings: SimSettings
  faults: FaultPlan
}

/** Draws the world of one seed. */
export function prepareMarketRun(input: MarketRunInput): MarketRun {
  const { market, data, workload, util, seed, horizonMs = market.horizonMs } = input
  const fleet = buildMarketFleet({ market, data, seed })
  const requests = requestsAt(workload, { fleet: fleet.replicas, market, util, seed, horizonMs })
  const settings = marketSettings({ horizonMs, warmUpMs: Math.min(market.warmUpMs, horizonMs / 2) }, market)
  const faults = planFaults(fleet, seed, horizonMs + settings.requestTimeoutMs, input.faults, market)
  return { seed, market, fleet, requests, settings, faults }
}

/** One policy through it. */
export function runPolicy(run: MarketRun, policy: SimPolicy): RunFigures {
  return measureRun(run, simulate({ ...run, policy }))
}

/** The LP that no policy beats, over the requests that the figures count. */
export function boundOf({ fleet, requests, settings, market }: MarketRun): Promise<LpBound> {
  const isCounted = ({ arriveMs }: SimRequest) => arriveMs >= settings.warmUpMs
  return lpBound({
    requests: requests.filter(isCounted),
    earlier: requests.filter((request) => !isCounted(request)),
    fleet: fleet.replicas,
    market,
  })
}
