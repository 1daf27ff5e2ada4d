/**
 * The geography report: coverage from k sites, city by city, and price against a hyperscaler's list at equal SLO.
 *
 * Reads measured data and plans with the engine's own planner; nothing is tuned here. Every choice that flatters is
 * shown beside its alternative under `sensitivity`.
 */
import { join } from 'node:path'
import { readMarketData } from '../data/read-market-data.ts'
import type { RequestTokens } from '../fleet/engine-time.ts'
import type { Market } from '../scenario/load-market.ts'
import { readCityMatrix, type CityMatrix } from './city-matrix.ts'
import { coverageOptimum } from './coverage-optimum.ts'
import { comparePrices, type PriceComparison } from './compare-prices.ts'
import { ttftSloMs } from '../workload/slo.ts'
import { sloCapacity } from './effective-price.ts'
import { readGpuPlaces } from './gpu-places.ts'
import { planCoverage, round, type ByLimit, type Coverage, type CoverageQuestion } from './plan-coverage.ts'
import { placeOf } from '../fleet/places.ts'
import { readSpotPrices } from './read-spot-prices.ts'

export type SiteSet = 'any_city' | 'gpus_on_offer' | 'h200_b200_b300_on_offer'

export interface CoveragePlan extends Coverage {
  siteSet: SiteSet
}

export interface Reached {
  share: number
  cities: number
  met: boolean
  /** The most cities that any choice of so many sites in this set can serve: proved, or null. */
  citiesAtBest: number | null
  /** Cities served when every candidate is a site. */
  citiesWithEverySite: number | null
  /** Cities farther than the limit from every site of the plan. */
  unserved: string[]
}

export interface SensitivityRow {
  what: string
  siteSet: SiteSet
  k: number
  cities: number
  withinMs: ByLimit
}

export interface GeographyReport {
  data: {
    servers: number
    cities: number
    droppedRows: { unknownServer: number; fasterThanLight: number }
    unmeasuredPairs: number
    measured: string
    siteSets: Record<SiteSet, { cities: number; leftOut: string[] }>
  }
  definitions: Record<string, string>
  /** The target and the best that was reached. */
  target: {
    k: number
    withinMs: number
    share: number
    reached: Record<SiteSet, Reached>
  }
  plans: CoveragePlan[]
  sensitivity: SensitivityRow[]
  priceComparison: PriceComparison[]
}

export interface GeographyOptions {
  dataDir: string
  market: Market
  ks: readonly number[]
  /** The limit that sites are planned for, ms. */
  targetMs: number
  seed: number
  /** False leaves out the plans under other assumptions, which take most of the time. */
  sensitivity?: boolean
}

/** Mean request of the Azure 2023 conversation trace. */
export const referenceMix: RequestTokens = { tokensIn: 1_155, tokensOut: 211 }
const targetK = 20
const targetShare = 0.93

/** @throws AppError invalid_input naming file, line and field */
export async function geographyReport(options: GeographyOptions): Promise<GeographyReport> {
  const { dataDir, market, ks, targetMs, seed } = options
  const files = dataFiles(dataDir)
  const matrix = readCityMatrix(files)
  const { prices } = readMarketData(dataDir)
  const onOffer = readGpuPlaces(files)
  const bigGpus = prices.map((row) => placeOf(row, 0)).flatMap(({ server, assumed }) => (assumed ? [] : server))
  const candidates: Record<SiteSet, number[]> = {
    any_city: [...matrix.cities.keys()],
    gpus_on_offer: citiesOf(matrix, onOffer.servers),
    h200_b200_b300_on_offer: citiesOf(matrix, bigGpus),
  }
  const base = { matrix, ks, targetMs, weights: 'equal_per_city', statistic: 'avg', seed } as const
  const siteSets = Object.keys(candidates) as SiteSet[]
  const plans = siteSets.flatMap((siteSet) =>
    planCoverage({ ...base, candidates: candidates[siteSet] }).map((coverage) => ({ siteSet, ...coverage })),
  )
  const sensitivity = options.sensitivity === false ? [] : sensitivityOf(files, base, candidates, onOffer.servers)
  return {
    data: {
      servers: matrix.cities.reduce((sum, { servers }) => sum + servers.length, 0),
      cities: matrix.cities.length,
      droppedRows: matrix.dropped,
      unmeasuredPairs: matrix.unmeasuredPairs,
      measured: '2020-07-19 to 2020-07-20, WonderProxy, ping -c 30 through 24 h',
      siteSets: {
        any_city: { cities: candidates.any_city.length, leftOut: [] },
        gpus_on_offer: { cities: candidates.gpus_on_offer.length, leftOut: onOffer.leftOut },
        h200_b200_b300_on_offer: { cities: candidates.h200_b200_b300_on_offer.length, leftOut: [] },
      },
    },
    definitions: definitionsOf(market, targetMs),
    target: { k: targetK, withinMs: 50, share: targetShare, reached: await reachedBy(plans, matrix, candidates) },
    plans,
    sensitivity,
    priceComparison: comparePrices({ matrix, market, request: referenceMix }, prices, readSpotPrices(files)),
  }
}

/** The same question under each other assumption, for 20 sites. */
function sensitivityOf(
  files: ReturnType<typeof dataFiles>,
  base: Omit<CoverageQuestion, 'candidates'>,
  candidates: Record<SiteSet, number[]>,
  serversOnOffer: readonly string[],
): SensitivityRow[] {
  const merged = readCityMatrix(files, 30)
  const mergedCandidates = { any_city: [...merged.cities.keys()], gpus_on_offer: citiesOf(merged, serversOnOffer) }
  const variants: [string, Partial<CoverageQuestion>][] = [
    ['minimum of the day instead of its average', { statistic: 'min' }],
    ['slower direction of each pair', { statistic: 'worse' }],
    ['equal demand per country instead of per city', { weights: 'equal_per_country' }],
    ['10 ms of access line added to every round trip', { lastMileMs: 10 }],
    ['servers within 30 km in one country merged into one city', { matrix: merged }],
    ['sites planned for 10 ms', { targetMs: 10 }],
    ['sites planned for 100 ms', { targetMs: 100 }],
  ]
  return (['any_city', 'gpus_on_offer'] as const).flatMap((siteSet) =>
    variants.flatMap(([what, changes]) => {
      const sites = (changes.matrix ? mergedCandidates : candidates)[siteSet]
      const [plan] = planCoverage({ ...base, ks: [targetK], candidates: sites, ...changes })
      return plan ? { what, siteSet, k: plan.k, cities: plan.cities.length, withinMs: plan.withinMs } : []
    }),
  )
}

export function dataFiles(dataDir: string) {
  return {
    servers: join(dataDir, 'network', 'wonderproxy_servers.csv'),
    rtt: join(dataDir, 'network', 'wonderproxy_rtt.csv.gz'),
    vast: join(dataDir, 'prices', 'vast_offers_3snapshots.csv.gz'),
    neocloud: join(dataDir, 'prices', 'neocloud_list_prices.csv.gz'),
    catalog: join(dataDir, 'prices', 'catalog_regions.csv'),
  }
}

function citiesOf(matrix: CityMatrix, servers: readonly string[]): number[] {
  const wanted = new Set(servers)
  return [...matrix.cities.keys()].filter((city) => matrix.cities[city]!.servers.some((name) => wanted.has(name)))
}

async function reachedBy(
  plans: readonly CoveragePlan[],
  matrix: CityMatrix,
  candidates: Record<SiteSet, number[]>,
): Promise<GeographyReport['target']['reached']> {
  const rows: [string, Reached][] = []
  for (const { siteSet, withinMs, citiesWithinMs, cities } of plans.filter(({ k }) => k === targetK)) {
    const question = { matrix, candidates: candidates[siteSet], limitMs: 50 }
    rows.push([
      siteSet,
      {
        share: withinMs[50],
        cities: citiesWithinMs[50],
        met: withinMs[50] >= targetShare,
        citiesAtBest: await coverageOptimum({ ...question, k: targetK }),
        citiesWithEverySite: await coverageOptimum({ ...question, k: question.candidates.length }),
        unserved: cities.filter(({ served }) => served[50] === 0).map(({ city }) => city),
      },
    ])
  }
  return Object.fromEntries(rows) as GeographyReport['target']['reached']
}

function definitionsOf(market: Market, targetMs: number): Record<string, string> {
  const { tokensIn, tokensOut } = referenceMix
  const capacity = sloCapacity(market, 'H200', referenceMix, 0)
  return {
    city: 'one for each measuring point; points of one place name would be merged, none is',
    demand: 'equal for each city: there is no population in the data, and none is invented',
    rtt: 'average over 24 h in the direction customer to site, the other direction where only that was measured; a customer in the site’s own city: 1 ms; an unmeasured pair serves nobody. Between data centres: a customer’s access line is not in it',
    dropped: 'rows of servers 292 to 295, which have no place, and rows faster than light in vacuum',
    sites: `chosen by planSites of packages/scheduler for ${targetMs} ms: most demand within it, then the lowest mean round trip`,
    gpus_on_offer: 'cities that stand for a place in which Vast or the cloud catalogue list any GPU',
    h200_b200_b300_on_offer: 'the same for the classes that have an engine curve',
    mix: `${tokensIn} tokens in, ${tokensOut} out: means of the Azure 2023 conversation trace`,
    effectivePrice: `USD/h of 8 GPUs ÷ accepted tokens/h at full use inside the SLO (TTFT ${round(ttftSloMs(market, referenceMix.tokensIn), 1)} ms less the round trip, at 99.9 %; TPOT ${market.slo.tpotMs} ms), H200 at 0 ms: ${round(capacity.tokensPerS, 0)} tokens/s`,
    equalTerms:
      'both sides at full use of a replica. A renter who fills an own instance less pays more; one who commits for years pays less: neither is counted',
    hyperscaler:
      'AWS on-demand from SkyPilot’s catalogue v8 at commit 00148f2a, whose day is not in the data (it lists P6-B300). GCP and Azure were not obtainable',
  }
}
