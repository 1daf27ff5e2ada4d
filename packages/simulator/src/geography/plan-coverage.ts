/**
 * Who is served how soon from k sites: plans by the engine's own site planner, city by city.
 *
 * Demand weights are stated, never invented: equal for each city, or equal for each country (the measuring points are
 * dense in Europe and North America, so equal cities flatter any plan). All demand of a city sits at its server, so a
 * city's share within a limit is 1 or 0.
 */
import { planSites, type SitePlan } from '@isochrone/scheduler'
import type { CityMatrix, RttStatistic } from './city-matrix.ts'

export type DemandWeights = 'equal_per_city' | 'equal_per_country'

/** The latency limits that coverage is reported for, ms. */
export const limitsMs = [10, 50, 100] as const
export type ByLimit = Record<(typeof limitsMs)[number], number>

export interface CoverageRow {
  city: string
  country: string
  nearestSite: string | null
  rttMs: number | null
  /** Share of this city's demand served within each limit, ms: 1 or 0. */
  served: ByLimit
}

export interface Coverage {
  k: number
  sites: string[]
  /** Share of all demand within each limit, ms. */
  withinMs: ByLimit
  /** Number of cities within each limit, ms. */
  citiesWithinMs: ByLimit
  meanRttMs: number | null
  cities: CoverageRow[]
}

export interface CoverageQuestion {
  matrix: CityMatrix
  /** Places in `matrix.cities` where a site may stand. */
  candidates: readonly number[]
  ks: readonly number[]
  targetMs: number
  weights: DemandWeights
  statistic: RttStatistic
  /** Added to every round trip, ms: the customer's own access line, which the measuring points do not have. */
  lastMileMs?: number
  seed: number
}

/** One plan for each k, planned for `targetMs` and counted at all limits. */
export function planCoverage(question: CoverageQuestion): Coverage[] {
  const { matrix, candidates, statistic, lastMileMs = 0 } = question
  const { cities } = matrix
  const countries = Map.groupBy(cities, ({ country }) => country)
  const weight = (country: string) =>
    question.weights === 'equal_per_city' ? 1 : 1 / (countries.get(country)?.length ?? 1)
  const plans = planSites(
    {
      demand: cities.map(({ id, country }) => ({ id, weight: weight(country) })),
      sites: candidates.map((site) => cities[site]!.id),
      rttMs: (customer, site) => {
        const rtt = matrix.rttMs(customer, candidates[site]!, statistic)
        return rtt === null ? null : rtt + lastMileMs
      },
      targetMs: question.targetMs,
      seed: question.seed,
    },
    question.ks,
  )
  const total = cities.reduce((sum, { country }) => sum + weight(country), 0)
  return plans.map((plan) => describe(plan, matrix, (country) => weight(country) / total))
}

function describe(plan: SitePlan, { cities }: CityMatrix, weight: (country: string) => number): Coverage {
  const byId = new Map(cities.map((city) => [city.id, city]))
  const rows = plan.assignments
    .map(({ demandId, siteId, rttMs }): CoverageRow => {
      const city = byId.get(demandId)!
      const served = byLimit((limit) => (rttMs !== null && rttMs <= limit ? 1 : 0))
      const nearestSite = siteId === null ? null : byId.get(siteId)!.title
      return { city: city.title, country: city.country, nearestSite, rttMs: rttMs && round(rttMs, 2), served }
    })
    .toSorted((a, b) => a.country.localeCompare(b.country) || a.city.localeCompare(b.city))
  const sum = (value: (row: CoverageRow) => number) => rows.reduce((total, row) => total + value(row), 0)
  return {
    k: plan.count,
    sites: plan.siteIds.map((id) => byId.get(id)!.title),
    withinMs: byLimit((limit) =>
      round(
        sum((row) => row.served[limit] * weight(row.country)),
        4,
      ),
    ),
    citiesWithinMs: byLimit((limit) => sum((row) => row.served[limit])),
    meanRttMs: plan.meanRttMs === null ? null : round(plan.meanRttMs, 1),
    cities: rows,
  }
}

const byLimit = (value: (limit: (typeof limitsMs)[number]) => number): ByLimit => ({
  10: value(10),
  50: value(50),
  100: value(100),
})

export const round = (value: number, digits: number): number => Number(value.toFixed(digits))
