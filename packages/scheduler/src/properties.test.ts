/**
 * What placement promises, over random markets and policies. `tools/properties` makes 200,000 decisions with the same
 * checks in each test run, and `npm run test:properties` millions.
 */
import { prng } from '@isochrone/domain'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { decide } from './decide/decide.ts'
import { NOW_MS, offer, request } from './decide/fixtures.ts'
import type { ReplicaReport } from './offer.ts'
import { createReplicaPool } from './pool/replica-pool.ts'
import { checkArrivalOrder } from './testing/arrival-order.ts'
import { checkMarket } from './testing/check-market.ts'
import { equalShares } from './testing/equal-shares.ts'

const seed = fc.integer({ min: 0, max: 2 ** 32 - 1 })
const replicas = fc.oneof(fc.integer({ min: 1, max: 20 }), fc.integer({ min: 20, max: 120 }))

const slow = { timeout: 60_000 }

test(
  'no choice, alternate or hedge ever leaves residency, caps, data policy, trust or exclusions; a record replays exactly',
  slow,
  () => {
    let decisions = 0
    let placed = 0
    const check = fc.property(seed, replicas, (marketSeed, size) => {
      const counts = checkMarket({ seed: marketSeed, replicas: size, decisions: 500, replayEvery: 25 })
      decisions += counts.decisions
      placed += counts.placed
    })
    fc.assert(check, { numRuns: 30, endOnFailure: true })
    expect(decisions).toBe(15_000)
    expect(placed).toBeGreaterThan(3_000)
  },
)

test('the order in which replicas arrive never changes a placement', slow, () => {
  fc.assert(
    fc.property(seed, replicas, (marketSeed, size) => void checkArrivalOrder(marketSeed, size, 300)),
    { numRuns: 40, endOnFailure: true },
  )
})

test('equal offers share equally, in a small pool and in one that is sampled', slow, () => {
  // χ² over its degrees of freedom is about 1 ± √(2/df); these seeds and sizes are fixed, so the result is too.
  for (const [size, decisions] of [
    [3, 10_000],
    [16, 10_000],
    [17, 10_000],
    [200, 20_000],
  ] as const) {
    expect(equalShares(size, size, decisions)).toBeLessThan(1 + 4 * Math.sqrt(2 / (size - 1)))
  }
})

test('metrics that are missing, zero, not numbers or stale never remove a whole pool', () => {
  const broken = fc.constantFrom(Number.NaN, 0, -1, Number.POSITIVE_INFINITY, 1e300, undefined)
  const report = fc.record({
    ageMs: fc.constantFrom(0, 500, 60_000, 86_400_000, Number.NaN),
    activeStreams: broken,
    queuedStreams: broken,
    ownStreams: broken,
    prefillTokens: broken,
    ownPrefillTokens: broken,
    contextTokens: broken,
    rttMs: fc.constantFrom(null, 0, Number.NaN, -1, 1e300),
  })
  const prior = fc.constantFrom(undefined, Number.NaN, 0, -1, 1e300)
  fc.assert(
    fc.property(fc.array(report, { minLength: 1, maxLength: 30 }), prior, seed, (reports, broke, drawn) => {
      const pool = createReplicaPool()
      reports.forEach(({ ageMs, rttMs, ...metrics }, n) => {
        const change =
          broke === undefined ? { prior: undefined } : { prior: { ...offer(n).prior, tpotPerStreamMs: broke } }
        const slot = pool.upsert(offer(n, change as Parameters<typeof offer>[1]))
        pool.report(slot, { atMs: NOW_MS - ageMs, draining: false, ...metrics } as ReplicaReport)
        pool.setRtt(slot, rttMs)
      })
      for (let n = 0; n < 10; n++) expect(decide(pool, request(), prng(drawn + n), NOW_MS).kind).toBe('placed')
    }),
    { numRuns: 300 },
  )
})
