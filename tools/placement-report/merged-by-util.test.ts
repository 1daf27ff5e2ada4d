import { expect, test } from 'vitest'
import { mergedByUtil } from './merged-by-util.ts'
import type { SimResult } from './sim-result.ts'

const result = (util: number, seeds: number[], costs: Record<string, number>): SimResult => ({
  trace: 'azure.csv',
  util,
  seeds,
  policies: Object.entries(costs).map(([policy, costPerMtok]) => ({
    policy,
    sloAttainment: 1,
    costPerMtok,
    costOverBound: null,
    ttftP99Ms: null,
  })),
})
const costsOf = ({ policies }: SimResult) =>
  Object.fromEntries(policies.map(({ policy, costPerMtok }) => [policy, costPerMtok]))

test('a policy that ran again counts as the later file has it, and the others stay', () => {
  const merged = mergedByUtil([
    result(0.4, [31], { isochrone: 2, prequal: 3 }),
    result(0.6, [31], { isochrone: 4 }),
    result(0.4, [31], { isochrone: 1 }),
  ])
  expect(merged.map(({ util }) => util)).toEqual([0.4, 0.6])
  expect(merged.map(costsOf)).toEqual([{ isochrone: 1, prequal: 3 }, { isochrone: 4 }])
})

test('rows of other seeds are not put beside each other', () => {
  expect(() => mergedByUtil([result(0.4, [31], { a: 1 }), result(0.4, [41], { b: 1 })])).toThrow(
    'utilisation 0.4: azure.csv, seeds 31 and azure.csv, seeds 41 are not one market',
  )
})
