/** Large fleets, where most decisions look at the last sample again: what must hold there as it does in small ones. */
import { prng } from '@isochrone/domain'
import { expect, test } from 'vitest'
import { replayDecision } from '../explain/replay-decision.ts'
import { createReplicaPool, type ReplicaPool } from '../pool/replica-pool.ts'
import { checkArrivalOrder } from '../testing/arrival-order.ts'
import { checkMarket } from '../testing/check-market.ts'
import { equalShares } from '../testing/equal-shares.ts'
import { violationOf } from '../testing/violation-of.ts'
import { decide } from './decide.ts'
import { NOW_MS, offer, request } from './fixtures.ts'

const REPLICAS = 600
const slow = { timeout: 60_000 }

function largePool(tuning = {}): ReplicaPool {
  const pool = createReplicaPool({ tuning })
  for (let n = 0; n < REPLICAS; n++) pool.upsert(offer(n))
  return pool
}

/** Nodes that the decision looked at. */
function sampledBy(pool: ReplicaPool, seed: number): string[] {
  return decide(pool, request(), prng(seed), NOW_MS)
    .record()
    .sampled.map((row) => row.offer.nodeId)
}

test('about three decisions in four look at the last sample again, as it is now', () => {
  const pool = largePool()
  let again = 0
  let last = ''
  for (let seed = 0; seed < 2_000; seed++) {
    const sampled = sampledBy(pool, seed).join(' ')
    if (sampled === last) again++
    last = sampled
  }
  expect(again).toBeGreaterThan(1_400)
  expect(again).toBeLessThan(1_600)
})

test('a set of at most the bound is drawn from each time, with the numbers that it always took', () => {
  const [one, other] = [largePool({ recallOver: REPLICAS }), largePool({ recallShare: 0, recallOver: REPLICAS })]
  for (let seed = 0; seed < 200; seed++) expect(sampledBy(one, seed)).toEqual(sampledBy(other, seed))
})

test('who left or changed its offer since the draw is not looked at, nor who has taken its place', () => {
  const pool = largePool({ recallShare: 1 })
  const rng = prng(3)
  const policy = { ...request().policy, regions: ['DE'] }
  for (let n = 0; n < 2_000; n++) {
    const decision = decide(pool, request({ policy }), rng, NOW_MS)
    expect(decision.kind).toBe('placed')
    if (decision.kind !== 'placed') continue
    for (const slot of [decision.slot, ...decision.alternates]) {
      expect(violationOf(pool.offerAt(slot), request({ policy }))).toBeNull()
    }
    const { nodeId } = pool.offerAt(decision.slot)
    // The best of every decision moves abroad, or leaves and another takes its slot there; and comes back later.
    if (n % 2 === 0) pool.upsert({ ...pool.offerAt(decision.slot), country: 'FR', region: 'eu-fr' })
    else {
      pool.remove(nodeId)
      expect(pool.upsert(offer(REPLICAS + n, { country: 'FR', region: 'eu-fr' }))).toBe(decision.slot)
    }
    pool.upsert(offer(REPLICAS * 10 + n))
  }
})

test('a record of a sample that was looked at again replays exactly', () => {
  const pool = largePool()
  const rng = prng(5)
  for (let n = 0; n < 300; n++) {
    const decision = decide(pool, request(), rng, NOW_MS)
    const record = decision.record()
    expect(record.eligible).toBe(REPLICAS)
    expect(replayDecision(structuredClone(record)).differences).toEqual([])
    if (decision.kind === 'placed') pool.opened(decision.slot, { tokensIn: 500, tokensCached: 0, tokensOut: 100 })
  }
})

test('every promise holds where samples are remembered', slow, () => {
  for (const seed of [1, 2, 3, 4]) {
    const { placed } = checkMarket({
      seed,
      replicas: 300,
      decisions: 1_500,
      replayEvery: 25,
      tuning: { recallOver: 64 },
    })
    expect(placed).toBeGreaterThan(300)
  }
})

/** What was decided on the way is forgotten: the order of arrival itself leaves no trace. */
test(
  'the order in which a fleet arrives never changes a placement, once what was decided on the way is forgotten',
  slow,
  () => {
    for (const seed of [1, 2, 3]) expect(checkArrivalOrder(seed, 400, 300, { recallOver: 64 }, 4_000)).toBe(300)
  },
)

test('equal offers share equally where samples serve several decisions', slow, () => {
  // A sample of twelve to fifteen serves four decisions in the mean: counts vary by half as much again as single draws.
  expect(equalShares(7, 1_000, 50_000)).toBeLessThan(2)
})
