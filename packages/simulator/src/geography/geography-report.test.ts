import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { loadMarket } from '../scenario/load-market.ts'
import { geographyReport } from './geography-report.ts'
import { planCoverage } from './plan-coverage.ts'
import type { CityMatrix } from './city-matrix.ts'
import { coverageOptimum } from './coverage-optimum.ts'

/** Five cities on a line, 30 ms apart; the last is measured from nowhere. */
const line: CityMatrix = {
  cities: ['A', 'B', 'C', 'D', 'Lost'].map((title, i) => ({
    id: title,
    title,
    country: i < 3 ? 'North' : 'South',
    servers: [title],
  })),
  rttMs: (a, b) => (a === b ? 1 : a === 4 || b === 4 ? null : 30 * Math.abs(a - b)),
  dropped: { unknownServer: 0, fasterThanLight: 0 },
  unmeasuredPairs: 8,
}

test('coverage counts each city by its nearest site, and the unmeasured one by none', () => {
  const question = {
    matrix: line,
    candidates: [0, 1, 2, 3],
    ks: [1, 2],
    targetMs: 50,
    statistic: 'avg',
    seed: 1,
  } as const
  const [one, two] = planCoverage({ ...question, weights: 'equal_per_city' })
  expect(one!.withinMs).toEqual({ 10: 0.2, 50: 0.6, 100: 0.8 })
  expect(two!.citiesWithinMs).toEqual({ 10: 2, 50: 4, 100: 4 })
  expect(two!.cities.find(({ city }) => city === 'Lost')).toEqual({
    city: 'Lost',
    country: 'South',
    nearestSite: null,
    rttMs: null,
    served: { 10: 0, 50: 0, 100: 0 },
  })
  const [byCountry] = planCoverage({ ...question, weights: 'equal_per_country' })
  // A, B, C weigh a third of a country each, D half of one: C serves B, C and D.
  expect(byCountry!.sites).toEqual(['C'])
  expect(byCountry!.withinMs[50]).toBeCloseTo((2 / 3 + 1 / 2) / 2, 4)
  const [far] = planCoverage({ ...question, weights: 'equal_per_city', lastMileMs: 25 })
  expect(far!.withinMs[50]).toBe(0.2)
})

test('the proved optimum agrees with what can be counted by hand', async () => {
  const question = { matrix: line, candidates: [0, 1, 2, 3], limitMs: 50 }
  expect(await coverageOptimum({ ...question, k: 1 })).toBe(3)
  expect(await coverageOptimum({ ...question, k: 2 })).toBe(4)
  expect(await coverageOptimum({ ...question, candidates: [3], k: 4 })).toBe(2)
})

const dataDir = join(import.meta.dirname, '../../../../../shared/data')

/** On the measured data, where it is there. */
test.runIf(existsSync(join(dataDir, 'network')))(
  '20 sites have at least 93 % of the measured cities within 50 ms, and the report hides nothing',
  { timeout: 120_000 },
  async () => {
    const options = { ks: [5, 20], targetMs: 50, seed: 1, sensitivity: false }
    const report = await geographyReport({ ...options, dataDir, market: loadMarket() })
    expect(report.data).toMatchObject({ servers: 246, cities: 246, droppedRows: { fasterThanLight: 58 } })
    const { any_city: any, gpus_on_offer: real } = report.target.reached
    expect(any.share).toBeGreaterThanOrEqual(0.93)
    expect(any.cities).toBeGreaterThanOrEqual(any.citiesAtBest! - 2)
    expect(real.cities).toBeGreaterThanOrEqual(real.citiesAtBest! - 2)
    for (const plan of report.plans) {
      expect(plan.cities).toHaveLength(246)
      expect(plan.sites.length).toBeLessThanOrEqual(plan.k)
      expect(plan.cities.filter(({ served }) => served[50] === 1)).toHaveLength(plan.citiesWithinMs[50])
    }
    for (const { class: gpuClass, ours, hyperscaler, ratio, unfavourable } of report.priceComparison) {
      expect(ratio).toBeCloseTo(ours!.median / hyperscaler!.median, 3)
      const kinds = unfavourable.map(({ kind }) => kind)
      expect(kinds, gpuClass).toContain('spot_below_our_asks')
      expect(kinds, gpuClass).toContain('slower_cities')
      expect(kinds, gpuClass).toContain('undated_list')
    }
  },
)
