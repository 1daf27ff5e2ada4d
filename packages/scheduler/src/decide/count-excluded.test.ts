/** What a record of a large pool says was excluded is what a look at every replica finds. */
import { prng } from '@isochrone/domain'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { RejectionReason } from '../placement.ts'
import { createReplicaPool } from '../pool/replica-pool.ts'
import { staticRejection } from '../pool/static-rejection.ts'
import { anyAsk, anyOffer, drawnSeed, named, policyWith, requestOf } from '../testing/arbitraries.ts'
import { decide } from './decide.ts'
import { NOW_MS } from './fixtures.ts'

test('every replica that is not eligible is counted once, by the first that excludes it', { timeout: 60_000 }, () => {
  const offers = fc.array(anyOffer, { minLength: 70, maxLength: 160 })
  const asks = fc.array(fc.tuple(anyAsk, policyWith(3), drawnSeed), { minLength: 5, maxLength: 10 })
  let excluded = 0
  const check = fc.property(offers, asks, (all, asked) => {
    const pool = createReplicaPool()
    for (const [n, one] of all.entries()) pool.upsert(named(one, n))
    asked.forEach(([ask, policy, seed], n) => {
      const request = requestOf(ask, policy, n)
      const record = decide(pool, request, prng(seed), NOW_MS).record()
      const { excludedBy = {}, poolSize, eligible } = record
      const sum = Object.values(excludedBy).reduce((a, b) => a + b, 0)
      expect([poolSize > 64, sum]).toEqual([true, poolSize - eligible])
      const found = new Map<RejectionReason, number>()
      for (const slot of pool.slots()) {
        const offer = pool.offerAt(slot)
        const isOther = request.modelHash !== null && request.modelHash !== offer.modelHash
        const reason = isOther ? 'other_build' : staticRejection(offer, policy)
        if (reason) found.set(reason, (found.get(reason) ?? 0) + 1)
      }
      const { context_too_long: _long, over_price_cap: _dear, ...fixed } = excludedBy
      expect(fixed).toEqual(Object.fromEntries(found))
      excluded += sum
    })
  })
  fc.assert(check, { numRuns: 40 })
  expect(excluded).toBeGreaterThan(1_000)
})
