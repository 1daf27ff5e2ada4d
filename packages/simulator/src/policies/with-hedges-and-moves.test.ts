import { expect, test } from 'vitest'
import { measureRun } from '../run/measure.ts'
import { noFaults } from '../run/plan-faults.ts'
import { marketSettings } from '../run/settings.ts'
import { simulate } from '../run/simulate.ts'
import { testFleet, testWorkload } from '../run/test-market.ts'
import type { SimPolicy } from '../sim-types.ts'
import { fakeRequest, fakeWorld } from './fake-world.ts'
import { namedPolicies, policies } from './index.ts'
import { powerOfTwoChoices } from './power-of-two-choices.ts'
import { prequal } from './prequal.ts'
import { withHedgesAndMoves } from './with-hedges-and-moves.ts'

const fleet = testFleet(12)
const requests = testWorkload(60, 60_000)
const settings = marketSettings({ warmUpMs: 0 })
/** One replica in twelve is five times as slow from 10 to 50 s. */
const slowWindows = [{ replica: 1, fromMs: 10_000, toMs: 50_000, factor: 5 }]

function figuresOf(policy: SimPolicy) {
  const input = { fleet, requests, settings, policy, faults: { ...noFaults, slowWindows }, seed: 1 }
  return measureRun(input, simulate(input))
}

/**
 * It would say nothing about our lead if it hardly moved, or went beyond the budgets that ours has. Whether more requests
 * keep the SLO is the rule's affair: a replica that streams have left looks empty to one that counts them, and gets more.
 */
test.each([powerOfTwoChoices, prequal])(
  '$name hedges and moves within 5 % each, and its slow streams end sooner',
  (base) => {
    const without = figuresOf(base)
    const figures = figuresOf(withHedgesAndMoves(base))
    expect(without).toMatchObject({ hedges: 0, moves: 0 })
    expect(figures.hedges).toBeGreaterThan(0)
    expect(figures.moves).toBeGreaterThan(0)
    // Each gateway may begin with its burst.
    expect(figures.hedges).toBeLessThanOrEqual(0.05 * requests.length + 2 * 10)
    expect(figures.moves).toBeLessThanOrEqual(0.05 * requests.length + 2 * 100)
    expect(figures.tpotP99Ms).toBeLessThan(0.9 * without.tpotP99Ms)
  },
)

test('a hedge goes where the rule says, never to a replica that was tried, and none without a budget', () => {
  const instance = withHedgesAndMoves(powerOfTwoChoices).create(fakeWorld([{}, {}, {}]))
  const request = fakeRequest({ index: 0, arriveMs: 0 })
  expect(instance.hedge?.(request, 500, [0])).toBe(-1)
  for (let i = 0; i < 20; i++) instance.choose(fakeRequest({ index: i, arriveMs: i }), i, [])
  expect(instance.hedge?.(request, 500, [0, 2])).toBe(1)
  expect(instance.hedge?.(request, 501, [0, 2])).toBe(-1)
})

test('they are run when they are named, and stand in no table otherwise', () => {
  const names = ['power-of-two-choices-with-hedges-and-moves', 'prequal-with-hedges-and-moves']
  expect(namedPolicies.map(({ name }) => name)).toEqual(expect.arrayContaining(names))
  expect(policies.filter(({ name }) => names.includes(name))).toEqual([])
})
