/**
 * What placement promises, over random markets: a few of each here, 20,000 decisions in `tools/properties` in each test
 * run, and millions with `npm run test:properties`. What fast-check prints of a failure repeats it.
 */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { violationOf } from './testing/violation-of.ts'
import { constraintsHold, metricsRemoveNobody, promises, type PromiseName } from './testing/properties.ts'

const slow = { timeout: 60_000 }
const runs: [name: PromiseName, numRuns: number, decisionsLeast: number][] = [
  ['constraints-small', 25, 1_000],
  ['constraints-middling', 4, 200],
  ['replay-middling', 3, 200],
  ['order-small', 6, 200],
  ['shares-whole', 5, 5_000],
  ['shares-sampled', 3, 3_000],
  ['metrics-small', 10, 200],
]

test.each(runs)('%s', slow, (name, numRuns, decisionsLeast) => {
  const promised = promises[name]()
  fc.assert(promised.property(), { numRuns })
  expect(promised.decisions()).toBeGreaterThan(decisionsLeast)
})

test('markets have what the promises are about: alternates, hedges, moves, prefixes, explored choices', slow, () => {
  const promised = promises['constraints-small']()
  fc.assert(promised.property(), { numRuns: 25, seed: 4 })
  const { placed, none, explored, alternates, hedges, moves, prefixHits, replayed } = promised.counts()
  for (const count of [placed, none, explored, alternates, hedges, moves, prefixHits, replayed]) {
    expect(count).toBeGreaterThan(0)
  }
})

/** A check that cannot fail proves nothing: this one forbids what the policy allows. */
test('a broken promise is found, made small, and repeated by seed and path', slow, () => {
  const noneInFrance = constraintsHold({ replicas: 10, steps: 40, open: 10 }, 1, {
    judge: (offer, request) => (offer.country === 'FR' ? 'in France' : violationOf(offer, request)),
  })
  const found = fc.check(noneInFrance.property(), { numRuns: 500, seed: 1 })
  expect(found.failed).toBe(true)
  expect(found.errorInstance).toMatchObject({ message: expect.stringContaining('in France') })
  const [smallest] = found.counterexample as [{ offers: unknown[]; steps: unknown[] }]
  expect(smallest.offers.length).toBeLessThanOrEqual(2)
  expect(smallest.steps.length).toBeLessThanOrEqual(3)
  const again = fc.check(noneInFrance.property(), { seed: found.seed, path: found.counterexamplePath ?? '' })
  expect(again.counterexample).toEqual(found.counterexample)
})

test('a pool of a thousand with nothing but broken metrics still serves', slow, () => {
  fc.assert(metricsRemoveNobody(1_000).property(), { numRuns: 3 })
})
