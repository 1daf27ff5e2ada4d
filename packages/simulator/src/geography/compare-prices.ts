/**
 * Our side against the hyperscaler's list, class by class, at equal SLO: marketplace and neocloud asks against AWS
 * on-demand. What speaks against us is computed with the same care and listed under `unfavourable`.
 */
import type { PriceRow } from '../data/read-prices.ts'
import { gpuClasses, type GpuClass } from '../fleet/engine-time.ts'
import { effectiveUsdPerMtok } from './effective-price.ts'
import {
  findUnfavourable,
  type CityComparison,
  type CityOffer,
  type RttComparison,
  type RttResult,
  type Unfavourable,
} from './find-unfavourable.ts'
import { limitsMs, round } from './plan-coverage.ts'
import {
  nearestPlace,
  priceSide,
  quantile,
  type PricedPlace,
  type PriceQuestion,
  type Side,
  type SideSummary,
} from './price-side.ts'
import type { SpotPrices } from './read-spot-prices.ts'

export interface PriceComparison {
  class: GpuClass
  ours: SideSummary | null
  hyperscaler: SideSummary | null
  /** Median ÷ median, per token at equal SLO; below 1 we are cheaper. */
  ratio: number | null
  atEqualRtt: RttComparison[]
  unfavourable: Unfavourable[]
  cities: CityComparison[]
}

export function comparePrices(
  question: PriceQuestion,
  prices: readonly PriceRow[],
  spot: SpotPrices,
): PriceComparison[] {
  return gpuClasses.map((gpuClass) => {
    const ofClass = prices.filter((row) => row.gpuClass === gpuClass)
    const ours = priceSide(
      question,
      gpuClass,
      ofClass.filter(({ list }) => list !== 'aws'),
    )
    const theirs = priceSide(question, gpuClass, oneForEachRegion(ofClass.filter(({ list }) => list === 'aws')))
    const cities = compareCities(question, gpuClass, ours?.places ?? [], theirs?.places ?? [])
    const atEqualRtt = [...limitsMs, null].map((limit) => compareWithin(question, gpuClass, ours, theirs, limit))
    const ratio = ours && theirs ? round(ours.summary.median / theirs.summary.median, 3) : null
    return {
      class: gpuClass,
      ours: ours?.summary ?? null,
      hyperscaler: theirs?.summary ?? null,
      ratio,
      atEqualRtt: atEqualRtt.map(({ counts }) => counts),
      unfavourable: ours && theirs ? findUnfavourable(gpuClass, ours, theirs, ratio!, cities, atEqualRtt, spot) : [],
      cities,
    }
  })
}

/** AWS has one price for all zones of a region: a region with many zones must not count many times. */
function oneForEachRegion(rows: readonly PriceRow[]): PriceRow[] {
  return [...new Map(rows.map((row) => [`${row.place} ${row.usdPerGpuHour}`, row])).values()]
}

function compareCities(
  question: PriceQuestion,
  gpuClass: GpuClass,
  ours: readonly PricedPlace[],
  theirs: readonly PricedPlace[],
): CityComparison[] {
  const { matrix, market, request } = question
  const offer = (customer: number, places: readonly PricedPlace[]): CityOffer | null => {
    const found = nearestPlace(matrix, customer, places)
    if (!found) return null
    const usd = effectiveUsdPerMtok(market, gpuClass, request, found.rttMs, found.place.usdPerGpuHour)
    return { place: found.place.title, rttMs: round(found.rttMs, 2), usdPerMtok: usd && round(usd, 4) }
  }
  return matrix.cities
    .map(({ title, country }, customer) => ({
      city: title,
      country,
      nearestOurs: offer(customer, ours),
      nearestHyperscaler: offer(customer, theirs),
    }))
    .toSorted((a, b) => a.country.localeCompare(b.country) || a.city.localeCompare(b.city))
}

function compareWithin(
  { matrix, market, request }: PriceQuestion,
  gpuClass: GpuClass,
  ours: Side | null,
  theirs: Side | null,
  withinMs: number | null,
): RttResult {
  const cheapest = (customer: number, side: Side | null): number | null => {
    const prices = (side?.places ?? []).flatMap(({ city, usdPerGpuHour }) => {
      const rtt = matrix.rttMs(customer, city, 'avg')
      if (rtt === null || rtt > (withinMs ?? Infinity)) return []
      return effectiveUsdPerMtok(market, gpuClass, request, rtt, usdPerGpuHour) ?? []
    })
    return prices.length > 0 ? Math.min(...prices) : null
  }
  const rows = matrix.cities.map(({ title }, customer) => {
    const mine = cheapest(customer, ours)
    const other = cheapest(customer, theirs)
    return { title, mine, other, ratio: mine !== null && other !== null ? mine / other : null }
  })
  const ratios = rows.flatMap(({ ratio }) => ratio ?? [])
  const dearer = rows.filter(({ ratio }) => ratio !== null && ratio > 1).toSorted((a, b) => b.ratio! - a.ratio!)
  const counts: RttComparison = {
    withinMs,
    bothServed: ratios.length,
    onlyOurs: rows.filter(({ mine, other }) => mine !== null && other === null).length,
    onlyHyperscaler: rows.filter(({ mine, other }) => mine === null && other !== null).length,
    neither: rows.filter(({ mine, other }) => mine === null && other === null).length,
    oursDearer: dearer.length,
    medianRatio: ratios.length > 0 ? round(quantile(ratios, 0.5), 3) : null,
  }
  return { counts, dearer: dearer.map(({ title, ratio }) => `${title} (×${ratio!.toFixed(2)})`) }
}
