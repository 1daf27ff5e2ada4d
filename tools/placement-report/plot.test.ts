import { expect, test } from 'vitest'
import { plotCostAgainstSlo } from './plot.ts'
import { runResult } from './runs/run-file.ts'
import { policyTable } from './tables/policies.ts'

const result = runResult.parse({
  trace: 't',
  util: 0.4,
  seeds: [1, 2],
  horizonS: 600,
  policies: [
    { policy: 'random', sloAttainment: 0.999, costPerMtok: 0.9, costOverBound: 0.6, ttftP99Ms: 300 },
    { policy: 'isochrone', sloAttainment: 0.9995, costPerMtok: 0.6, costOverBound: 0.08, ttftP99Ms: 250 },
    { policy: 'cheapest', sloAttainment: 0.4, costPerMtok: 0.5, costOverBound: 0, ttftP99Ms: 9_000 },
    { policy: 'dead', sloAttainment: 0, costPerMtok: null, costOverBound: null, ttftP99Ms: null },
  ],
})

test('the plot shows every policy that has a cost, cheaper ones lower and fewer misses further right', () => {
  const svg = plotCostAgainstSlo([result])
  const at = (policy: string) => {
    const circle = svg.split('\n').findIndex((line) => line.includes(`>${policy}</text>`)) - 1
    const [, x, y] = /cx="([\d.]+)" cy="([\d.]+)"/.exec(svg.split('\n')[circle] ?? '') ?? []
    return { x: Number(x), y: Number(y) }
  }
  expect(at('isochrone').y).toBeGreaterThan(at('random').y)
  expect(at('isochrone').x).toBeGreaterThan(at('random').x)
  expect(at('cheapest').x).toBeLessThan(at('random').x)
  expect(svg).not.toContain('>dead<')
})

test('the table compares by cost only those that meet the SLO', () => {
  const names = policyTable(result, 0.99)
    .split('\n')
    .slice(2)
    .map((line) => line.split(' | ')[0]?.replace('| ', ''))
  expect(names).toEqual(['**isochrone**', 'random', 'cheapest', 'dead'])
})
