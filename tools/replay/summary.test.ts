import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { Outcome } from './outcome.ts'
import { percentile, summarise, tpotMsOf } from './summary.ts'

const slo = { ttftMs: 1_000, tpotMs: 100 }
const outcome = (changes: Partial<Outcome> = {}): Outcome => ({
  finished: true,
  error: null,
  ttftMs: 100,
  servedMs: 1_090,
  durationMs: 1_090,
  tokensIn: 10,
  tokensOut: 100,
  priceMicroUsd: 7n,
  requestId: 'req_1',
  node: 'a',
  simulated: false,
  resent: 0,
  ...changes,
})

test('a percentile is a value that was measured, and at least that share does not exceed it', () => {
  fc.assert(
    fc.property(
      fc.array(fc.integer({ min: 0, max: 9_999 }), { minLength: 1 }),
      fc.constantFrom(0.5, 0.95, 0.99),
      (values, p) => {
        const found = percentile(values, p) ?? Number.NaN
        expect(values).toContain(found)
        expect(values.filter((value) => value <= found).length).toBeGreaterThanOrEqual(p * values.length)
      },
    ),
  )
  expect(percentile([], 0.5)).toBeNull()
})

test('only finished requests inside both targets are goodput, and the lost are counted', () => {
  const outcomes = [
    outcome(),
    outcome({ ttftMs: 1_001, node: 'b' }),
    outcome({ servedMs: 20_000 }),
    outcome({ finished: false, error: 'no', node: null }),
  ]
  expect(summarise(outcomes, 2, slo)).toMatchObject({
    requests: 4,
    finished: 3,
    lost: 1,
    goodput: 0.5,
    tokensOut: 300,
    costMicroUsd: '21',
    requestsPerNode: { a: 2, b: 1 },
  })
})

test('TPOT leaves the first token out, and is not made up for one token or queued work', () => {
  expect(tpotMsOf(outcome())).toBe(10)
  expect(tpotMsOf(outcome({ tokensOut: 1 }))).toBeNull()
  expect(tpotMsOf(outcome({ ttftMs: null }))).toBeNull()
})
