import { prng } from '@isochrone/domain'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { createHedgeBudget } from './hedge-budget.ts'
import { createHedgeDelays } from './hedge-delays.ts'
import { hedgeTargetOf } from './hedge-target.ts'

test('hedges never exceed their share of the requests beyond one burst, and a million requests earn exactly theirs', () => {
  const steps = fc.array(fc.boolean(), { maxLength: 500 })
  fc.assert(
    fc.property(steps, fc.double({ min: 0, max: 1, noNaN: true }), (arrivals, share) => {
      const budget = createHedgeBudget({ share, burst: 3 })
      let requests = 0
      let hedges = 0
      for (const isArrival of arrivals) {
        if (isArrival) {
          budget.earn()
          requests++
        } else if (budget.take()) hedges++
        expect(hedges).toBeLessThanOrEqual(share * requests)
        expect(budget.available).toBeLessThanOrEqual(3)
      }
    }),
  )
  const budget = createHedgeBudget()
  let hedges = 0
  for (let request = 0; request < 1_000_000; request++) {
    budget.earn()
    if (budget.take()) hedges++
  }
  expect(hedges).toBe(50_000)
})

/** Two uniform draws to one of the normal distribution (Box and Muller, 1958). */
const normal = (rng: ReturnType<typeof prng>): number =>
  Math.sqrt(-2 * Math.log(rng.unit() + 1e-12)) * Math.cos(2 * Math.PI * rng.unit())

test('about one attempt in twenty is later than the delay, on a steady replica and on a ragged one', () => {
  const rng = prng(3)
  const delays = createHedgeDelays()
  const late = [0, 0]
  const counted = [0, 0]
  for (let attempt = 0; attempt < 20_000; attempt++) {
    const slot = attempt % 2
    const predicted = 100 + rng.below(900)
    const actual = predicted * Math.exp(normal(rng) * (slot === 0 ? 0.1 : 0.8))
    if (attempt > 4_000) {
      counted[slot] = (counted[slot] ?? 0) + 1
      if (actual > delays.afterMs(slot, predicted)) late[slot] = (late[slot] ?? 0) + 1
    }
    delays.observed(slot, predicted, actual)
  }
  for (const slot of [0, 1]) {
    const share = (late[slot] ?? 0) / (counted[slot] ?? 1)
    expect(share).toBeGreaterThan(0.02)
    expect(share).toBeLessThan(0.08)
  }
  expect(delays.afterMs(0, 500)).toBeLessThan(delays.afterMs(1, 500))
})

test('broken measurements teach nothing, and a delay is always a usable time', () => {
  const anything = fc.oneof(fc.double(), fc.constantFrom(Number.NaN, 0, -1, Number.POSITIVE_INFINITY))
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.nat(200), anything, anything)), anything, (seen, predicted) => {
      const delays = createHedgeDelays()
      for (const [slot, expected, actual] of seen) delays.observed(slot, expected, actual)
      const afterMs = delays.afterMs(1, predicted)
      expect(afterMs).toBeGreaterThanOrEqual(50)
      expect(afterMs).toBeLessThanOrEqual(30_000)
    }),
  )
})

test('a hedge goes to another failure domain with slack, or nowhere', () => {
  const domains = ['a', 'a', 'b', 'c']
  const view = (slack: number[]) => ({
    failureDomainOf: (slot: number) => domains[slot] ?? '',
    hasSlack: (slot: number) => slack.includes(slot),
  })
  expect(hedgeTargetOf(0, [1, 2, 3], view([1, 2, 3]))).toBe(2)
  expect(hedgeTargetOf(0, [1, 2, 3], view([1, 3]))).toBe(3)
  expect(hedgeTargetOf(0, [1], view([1]))).toBeNull()
  expect(hedgeTargetOf(0, [], view([]))).toBeNull()
})
