import { prng } from '@isochrone/domain'
import { expect, test } from 'vitest'
import { createReplicaPool, type ReplicaPool } from '../pool/replica-pool.ts'
import type { ReplicaOffer } from '../offer.ts'
import { chooseFromSample } from './choose-from-sample.ts'
import { decide } from './decide.ts'
import { hexId, NOW_MS, offer, request } from './fixtures.ts'

function poolOf(offers: readonly ReplicaOffer[], options = {}): ReplicaPool {
  const pool = createReplicaPool(options)
  for (const each of offers) pool.upsert(each)
  return pool
}
const range = (n: number): number[] => Array.from({ length: n }, (_, i) => i)

test('a small pool: the cheapest wins, alternates are in other domains, and the record replays from JSON', () => {
  const prices = (out: number): ReplicaOffer['prices'] => ({ ...offer(0).prices, outPerMtok: out })
  const pool = poolOf([
    offer(1, { prices: prices(900_000) }),
    offer(2, { prices: prices(300_000), failureDomain: 'a' }),
    offer(3, { prices: prices(400_000), failureDomain: 'a' }),
    offer(4, { prices: prices(500_000), failureDomain: 'b' }),
    offer(5, { country: 'US', prices: prices(1) }),
  ])
  const asked = request({}, { regions: ['DE'] })
  const decision = decide(pool, asked, prng(5), NOW_MS)
  const record = decision.record()
  expect(decision.kind).toBe('placed')
  expect(record.choice).toBe(hexId(2))
  expect(record.alternates).toEqual([hexId(4), hexId(1)])
  expect(record.rejected).toEqual([{ nodeId: hexId(5), reason: 'outside_residency' }])
  const read = JSON.parse(JSON.stringify(record)) as typeof record
  const again = chooseFromSample(read.sampled, read.request, prng(read.prngState), read.nowMs, read.tuning)
  expect(again.choice).toBe(record.choice)
  expect(again.candidates).toEqual(record.candidates)
})

/** Fairness: nobody gains by being listed first. */
test('ten equal offers share equally', () => {
  const pool = poolOf(range(10).map((n) => offer(n)))
  const rng = prng(1)
  const counts = new Map<number, number>()
  for (let i = 0; i < 50_000; i++) {
    const decision = decide(pool, request(), rng, NOW_MS)
    if (decision.kind === 'placed') counts.set(decision.slot, (counts.get(decision.slot) ?? 0) + 1)
  }
  expect(counts.size).toBe(10)
  for (const count of counts.values()) expect(Math.abs(count - 5_000)).toBeLessThan(250)
})
