/** What a record of a large pool says was excluded is what a look at every replica finds. */
import { prng } from '@isochrone/domain'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { ReplicaOffer } from '../offer.ts'
import type { PlacementRequest, RejectionReason } from '../placement.ts'
import { createReplicaPool, type ReplicaPool } from '../pool/replica-pool.ts'
import { staticRejection } from '../pool/static-rejection.ts'
import { anyAsk, anyOffer, drawnSeed, named, policyWith, requestOf } from '../testing/arbitraries.ts'
import { decide } from './decide.ts'
import { NOW_MS } from './fixtures.ts'

test('every replica that is not eligible is counted once, by the first that excludes it', { timeout: 60_000 }, () => {
  const offers = fc.array(anyOffer, { minLength: 90, maxLength: 160 })
  const asks = fc.array(fc.tuple(anyAsk, policyWith(3), drawnSeed), { minLength: 5, maxLength: 10 })
  let excluded = 0
  const check = fc.property(offers, asks, fc.infiniteStream(fc.nat()), (all, asked, draws) => {
    const pool = createReplicaPool()
    for (const [n, one] of all.entries()) pool.upsert(named(one, n))
    const draw = (below: number): number => (draws.next().value as number) % below
    // What was counted is brought in step with some that leave, that come and that become like others.
    for (let round = 0; round < 3; round++) {
      asked.forEach(([ask, policy, seed], n) => {
        excluded += countedAsFound(pool, requestOf(ask, policy, n), seed)
        for (let change = 0; change < 3; change++) {
          const at = draw(all.length)
          if (pool.size > 70 && draw(3) === 0) pool.remove(named(all[at] as ReplicaOffer, at).nodeId)
          else pool.upsert(named(all[draw(all.length)] as ReplicaOffer, at))
        }
      })
    }
  })
  fc.assert(check, { numRuns: 40 })
  expect(excluded).toBeGreaterThan(1_000)
})

/** How many the record says; fails where a look at each replica finds others. */
function countedAsFound(pool: ReplicaPool, request: PlacementRequest, seed: number): number {
  const { excludedBy = {}, poolSize, eligible } = decide(pool, request, prng(seed), NOW_MS).record()
  const sum = Object.values(excludedBy).reduce((a, b) => a + b, 0)
  expect([poolSize > 64, sum]).toEqual([true, poolSize - eligible])
  const found = new Map<RejectionReason, number>()
  for (const slot of pool.slots()) {
    const offer = pool.offerAt(slot)
    const isOther = request.modelHash !== null && request.modelHash !== offer.modelHash
    const reason = isOther ? 'other_build' : staticRejection(offer, request.policy)
    if (reason) found.set(reason, (found.get(reason) ?? 0) + 1)
  }
  const { context_too_long: _long, over_price_cap: _dear, ...fixed } = excludedBy
  expect(fixed).toEqual(Object.fromEntries(found))
  return sum
}
