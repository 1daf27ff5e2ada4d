/** One side of the price comparison for one GPU class: its asks, where they stand, and what they come to per token. */
import type { PriceRow } from '../data/read-prices.ts'
import type { GpuClass, RequestTokens } from '../fleet/engine-time.ts'
import { placeOf } from '../fleet/places.ts'
import type { Market } from '../scenario/load-market.ts'
import type { CityMatrix } from './city-matrix.ts'
import { effectiveUsdPerMtok } from './effective-price.ts'
import { round } from './plan-coverage.ts'

export interface Quantiles {
  median: number
  p10: number
  p90: number
}

export interface SideSummary extends Quantiles {
  /** What `median`, `p10` and `p90` are in. */
  unit: 'USD per 10^6 accepted tokens'
  usdPerGpuHour: Quantiles
  /** Day of the newest row, and of the oldest; `undated` where the list has no day. */
  date: string
  dateFrom: string
  rows: number
  lists: { list: string; rows: number; dateFrom: string; date: string; medianUsdPerGpuHour: number }[]
  /** Rows whose list says where they stand. The others have a price and no distance. */
  rowsWithPlace: number
  /** Round trip of the median city to the nearest place of this side, ms: what the prices above are for. */
  medianRttMs: number | null
}

/** A place of one side: a city, and the median ask there. */
export interface PricedPlace {
  /** Place in `matrix.cities`. */
  city: number
  title: string
  usdPerGpuHour: number
}

export interface Side {
  summary: SideSummary
  places: PricedPlace[]
}

export interface PriceQuestion {
  matrix: CityMatrix
  market: Pick<Market, 'slo' | 'engine'>
  request: RequestTokens
}

/** @returns null when the side has no row of the class */
export function priceSide(question: PriceQuestion, gpuClass: GpuClass, rows: readonly PriceRow[]): Side | null {
  if (rows.length === 0) return null
  const { matrix, market, request } = question
  const placed = rows.flatMap((row) => {
    const place = placeOf(row, 0)
    const city = place.assumed ? -1 : matrix.cities.findIndex(({ servers }) => servers.includes(place.server))
    return city < 0 ? [] : [{ city, usdPerGpuHour: row.usdPerGpuHour }]
  })
  const places = [...Map.groupBy(placed, ({ city }) => city)].map(([city, asks]): PricedPlace => ({
    city,
    title: matrix.cities[city]!.title,
    usdPerGpuHour: quantile(
      asks.map(({ usdPerGpuHour }) => usdPerGpuHour),
      0.5,
    ),
  }))
  const nearest = matrix.cities.flatMap((_, customer) => nearestPlace(matrix, customer, places)?.rttMs ?? [])
  const medianRttMs = nearest.length > 0 ? quantile(nearest, 0.5) : null
  const hours = quantilesOf(rows.map(({ usdPerGpuHour }) => usdPerGpuHour))
  const perMtok = (usdPerGpuHour: number) =>
    round(effectiveUsdPerMtok(market, gpuClass, request, medianRttMs ?? 0, usdPerGpuHour) ?? Number.NaN, 4)
  return {
    places,
    summary: {
      unit: 'USD per 10^6 accepted tokens',
      median: perMtok(hours.median),
      p10: perMtok(hours.p10),
      p90: perMtok(hours.p90),
      usdPerGpuHour: { median: round(hours.median, 4), p10: round(hours.p10, 4), p90: round(hours.p90, 4) },
      ...datesOf(rows),
      rows: rows.length,
      lists: [...Map.groupBy(rows, ({ list }) => list)].map(([list, members]) => ({
        list,
        rows: members.length,
        ...datesOf(members),
        medianUsdPerGpuHour: round(
          quantile(
            members.map(({ usdPerGpuHour }) => usdPerGpuHour),
            0.5,
          ),
          4,
        ),
      })),
      rowsWithPlace: placed.length,
      medianRttMs: medianRttMs === null ? null : round(medianRttMs, 1),
    },
  }
}

/** The place with the shortest measured round trip, or undefined when none was measured. */
export function nearestPlace(
  matrix: CityMatrix,
  customer: number,
  places: readonly PricedPlace[],
): { place: PricedPlace; rttMs: number } | undefined {
  return places
    .flatMap((place) => {
      const rttMs = matrix.rttMs(customer, place.city, 'avg')
      return rttMs === null ? [] : [{ place, rttMs }]
    })
    .toSorted((a, b) => a.rttMs - b.rttMs)[0]
}

function datesOf(rows: readonly PriceRow[]): { dateFrom: string; date: string } {
  const dated = rows.map((row) => row.dated).filter((day) => day !== 'undated')
  const sorted = dated.toSorted()
  return { dateFrom: sorted[0] ?? 'undated', date: sorted.at(-1) ?? 'undated' }
}

export function quantilesOf(values: readonly number[]): Quantiles {
  return { median: quantile(values, 0.5), p10: quantile(values, 0.1), p90: quantile(values, 0.9) }
}

/** With linear interpolation between the ranks. */
export function quantile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b)
  const rank = share * (sorted.length - 1)
  const low = sorted[Math.floor(rank)] ?? Number.NaN
  return low + (rank - Math.floor(rank)) * ((sorted[Math.ceil(rank)] ?? low) - low)
}
