/**
 * What speaks against us in a price comparison, with its figures: cheaper spot, slower and dearer cities, places that
 * only they reach, rows without a place, an undated list.
 */
import type { GpuClass } from '../fleet/engine-time.ts'
import { quantile, type Side } from './price-side.ts'
import type { SpotPrices } from './read-spot-prices.ts'

/** How one city fares with a side's places. */
export interface CityOffer {
  place: string
  rttMs: number
  /** null when the SLO cannot be kept from there. */
  usdPerMtok: number | null
}

export interface CityComparison {
  city: string
  country: string
  nearestOurs: CityOffer | null
  nearestHyperscaler: CityOffer | null
}

/** Cheapest place of each side within a round trip (null: anywhere inside the SLO), city by city. */
export interface RttComparison {
  withinMs: number | null
  bothServed: number
  onlyOurs: number
  onlyHyperscaler: number
  neither: number
  oursDearer: number
  /** Median over the cities that both serve. */
  medianRatio: number | null
}

export interface RttResult {
  counts: RttComparison
  /** Cities where our cheapest place is dearer, worst first. */
  dearer: string[]
}

export interface Unfavourable {
  kind:
    | 'undated_list'
    | 'spot_below_our_asks'
    | 'asks_above_list'
    | 'slower_cities'
    | 'dearer_cities'
    | 'cities_only_they_reach'
    | 'place_unknown'
    | 'whole_machines'
    | 'platform_fee'
  /** One sentence with the figures in it. */
  detail: string
  /** The cities, zones or rows meant, worst first. */
  where: string[]
}

/** The development chain's fee on what a provider is paid, for the case that providers want the ask net of it. */
const feeShare = 0.05

export function findUnfavourable(
  gpuClass: GpuClass,
  ours: Side,
  theirs: Side,
  ratio: number,
  cities: readonly CityComparison[],
  atEqualRtt: readonly RttResult[],
  { spot, wholeMachines }: SpotPrices,
): Unfavourable[] {
  const found: Unfavourable[] = []
  const note = (kind: Unfavourable['kind'], detail: string, where: string[] = []) => found.push({ kind, detail, where })
  const ask = ours.summary.usdPerGpuHour.median
  const list = theirs.summary.usdPerGpuHour.median
  if (theirs.summary.date === 'undated') {
    note(
      'undated_list',
      `The day of the hyperscaler's list is not in the data, only its commit; our rows end on ${ours.summary.date}.`,
    )
  }

  const cheapSpot = spot
    .filter((row) => row.side === 'hyperscaler' && row.gpuClass === gpuClass && row.usdPerGpuHour < ask)
    .toSorted((a, b) => a.usdPerGpuHour - b.usdPerGpuHour)
  const zones = spot.filter((row) => row.side === 'hyperscaler' && row.gpuClass === gpuClass).length
  const mySpot = spot.filter((row) => row.side === 'ours' && row.gpuClass === gpuClass)
  if (cheapSpot.length > 0) {
    const mine =
      mySpot.length > 0
        ? quantile(
            mySpot.map(({ usdPerGpuHour }) => usdPerGpuHour),
            0.5,
          ).toFixed(2)
        : 'none'
    note(
      'spot_below_our_asks',
      `AWS spot is below our median ask of ${ask.toFixed(2)} USD per GPU-hour in ${cheapSpot.length} of ${zones} zones that list spot; our own interruptible median is ${mine}.`,
      cheapSpot.map(({ place, usdPerGpuHour }) => `${place} ${usdPerGpuHour.toFixed(2)}`),
    )
  }

  if (ours.summary.usdPerGpuHour.p90 > list || ratio > 1) {
    note('asks_above_list', `A tenth of our asks are above the hyperscaler's median list price of ${list.toFixed(2)}.`)
  }

  const slower = cities.flatMap(({ city, nearestOurs, nearestHyperscaler }) => {
    if (!nearestHyperscaler) return []
    const extraMs = (nearestOurs?.rttMs ?? Infinity) - nearestHyperscaler.rttMs
    return extraMs > 1 ? [{ city, extraMs }] : []
  })
  if (slower.length > 0) {
    note(
      'slower_cities',
      `In ${slower.length} of ${cities.length} cities the nearest AWS region with ${gpuClass} is nearer than the nearest known marketplace place by more than 1 ms.`,
      slower
        .toSorted((a, b) => b.extraMs - a.extraMs || a.city.localeCompare(b.city))
        .map(({ city, extraMs }) => (Number.isFinite(extraMs) ? `${city} (+${extraMs.toFixed(0)} ms)` : city)),
    )
  }

  for (const { dearer, counts } of atEqualRtt) {
    const { withinMs, onlyHyperscaler, bothServed } = counts
    const within = withinMs === null ? 'anywhere inside the SLO' : `within ${withinMs} ms`
    if (dearer.length > 0)
      note(
        'dearer_cities',
        `Our cheapest place ${within} is dearer in ${dearer.length} of ${bothServed} cities.`,
        dearer,
      )
    if (onlyHyperscaler > 0)
      note('cities_only_they_reach', `Cities with ${gpuClass} of AWS ${within} and none of ours: ${onlyHyperscaler}.`)
  }

  const unplaced = ours.summary.rows - ours.summary.rowsWithPlace
  if (unplaced > 0) {
    note(
      'place_unknown',
      `${unplaced} of our ${ours.summary.rows} rows do not say where they stand: a price without a distance.`,
    )
  }
  const whole = wholeMachines.filter((row) => row.gpuClass === gpuClass)
  const wholeMedian = quantile(
    whole.map(({ usdPerGpuHour }) => usdPerGpuHour),
    0.5,
  )
  note(
    'whole_machines',
    whole.length === 0
      ? 'Vast offers no whole 8-GPU machine of this class in its newest snapshot; the curves are of 8-GPU replicas.'
      : `Only ${whole.length} Vast offers are whole 8-GPU machines, which the curves are of: median ${wholeMedian.toFixed(2)} against ${ask.toFixed(2)} for all our asks.`,
  )
  note(
    'platform_fee',
    `Were our ${feeShare * 100} % fee added to the asks, the ratio would be ${(ratio / (1 - feeShare)).toFixed(3)} and not ${ratio.toFixed(3)}.`,
  )
  return found
}
