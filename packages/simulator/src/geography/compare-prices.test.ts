import { expect, test } from 'vitest'
import type { PriceRow } from '../data/read-prices.ts'
import { loadMarket } from '../scenario/load-market.ts'
import type { CityMatrix } from './city-matrix.ts'
import { comparePrices } from './compare-prices.ts'
import type { SpotPrices } from './read-spot-prices.ts'

/** Prague (a host), Stockholm (a region), and customers near either. */
const rtt = [
  [1, 40, 5, 60],
  [40, 1, 60, 5],
  [5, 60, 1, 70],
  [60, 5, 70, 1],
]
const matrix: CityMatrix = {
  cities: ['Prague', 'Stockholm', 'Brno', 'Uppsala'].map((title) => ({
    id: title,
    title,
    country: title,
    servers: [title],
  })),
  rttMs: (a, b) => rtt[a]![b]!,
  dropped: { unknownServer: 0, fasterThanLight: 0 },
  unmeasuredPairs: 0,
}
const question = { matrix, market: loadMarket(), request: { tokensIn: 1_155, tokensOut: 211 } }
const row = (list: 'vast' | 'aws', place: string, usdPerGpuHour: number, zone = 'z'): PriceRow => ({
  list,
  provider: list,
  gpuClass: 'H200',
  usdPerGpuHour,
  place,
  failureDomain: zone,
  machine: null,
  source: 'test line 2',
  dated: list === 'aws' ? 'undated' : '2026-08-22',
})
const noSpot: SpotPrices = { spot: [], wholeMachines: [] }
const compare = (rows: PriceRow[], spot = noSpot) => comparePrices(question, rows, spot)[0]!

test('both sides are priced at the same SLO, and a region with many zones counts once', () => {
  const aws = [row('aws', 'eu-north-1', 8, 'a'), row('aws', 'eu-north-1', 8, 'b')]
  const { ours, hyperscaler, ratio } = compare([row('vast', 'Czechia, CZ', 4), ...aws])
  expect(hyperscaler!.rows).toBe(1)
  expect(ratio).toBeCloseTo(0.5, 3)
  expect(ours).toMatchObject({ rows: 1, rowsWithPlace: 1, date: '2026-08-22', usdPerGpuHour: { median: 4 } })
})

test('where we are slower or dearer is said, city by city', () => {
  const { atEqualRtt, unfavourable, cities } = compare([row('vast', 'Czechia, CZ', 9), row('aws', 'eu-north-1', 8)])
  expect(
    atEqualRtt.map(({ withinMs, bothServed, onlyOurs, onlyHyperscaler, oursDearer }) => ({
      withinMs,
      bothServed,
      onlyOurs,
      onlyHyperscaler,
      oursDearer,
    })),
  ).toEqual([
    { withinMs: 10, bothServed: 0, onlyOurs: 2, onlyHyperscaler: 2, oursDearer: 0 },
    { withinMs: 50, bothServed: 2, onlyOurs: 1, onlyHyperscaler: 1, oursDearer: 2 },
    { withinMs: 100, bothServed: 4, onlyOurs: 0, onlyHyperscaler: 0, oursDearer: 4 },
    { withinMs: null, bothServed: 4, onlyOurs: 0, onlyHyperscaler: 0, oursDearer: 4 },
  ])
  const slower = unfavourable.find(({ kind }) => kind === 'slower_cities')
  expect(slower!.where).toEqual(['Uppsala (+55 ms)', 'Stockholm (+39 ms)'])
  expect(unfavourable.map(({ kind }) => kind)).toContain('asks_above_list')
  expect(cities.find(({ city }) => city === 'Uppsala')).toMatchObject({
    nearestOurs: { place: 'Prague', rttMs: 60 },
    nearestHyperscaler: { place: 'Stockholm', rttMs: 5 },
  })
})

test('spot below our asks is listed, cheapest first', () => {
  const spot = [3, 2, 7].map((usdPerGpuHour, i) => ({
    side: 'hyperscaler' as const,
    gpuClass: 'H200' as const,
    usdPerGpuHour,
    place: `zone-${i}`,
    dated: 'undated',
  }))
  const { unfavourable } = compare([row('vast', 'Czechia, CZ', 4), row('aws', 'eu-north-1', 8)], { ...noSpot, spot })
  const found = unfavourable.find(({ kind }) => kind === 'spot_below_our_asks')
  expect(found!.where).toEqual(['zone-1 2.00', 'zone-0 3.00'])
  expect(found!.detail).toContain('2 of 3 zones')
})

test('a class that one side does not have is no win for the other', () => {
  expect(compare([row('vast', 'Czechia, CZ', 4)])).toMatchObject({ ratio: null, hyperscaler: null })
})
