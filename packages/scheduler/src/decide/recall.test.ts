/** Large fleets, where most decisions look at the last sample again: what must hold there as it does in small ones. */
import { prng } from '@isochrone/domain'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { replayDecision } from '../explain/replay-decision.ts'
import { createReplicaPool, type ReplicaPool } from '../pool/replica-pool.ts'
import { constraintsHold, equalsShare, orderChangesNothing } from '../testing/properties.ts'
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

test('what changed since is known by slot, also of slots whose numbers end alike', () => {
  const pool = createReplicaPool()
  for (let n = 0; n < 3_000; n++) pool.upsert(offer(n))
  const since = pool.index.version
  for (const n of [5, 2_100]) pool.upsert(offer(n, { country: 'FR', region: 'eu-fr' }))
  const changed = [...pool.slots()].filter((slot) => pool.index.hasChanged(slot, since))
  expect(changed.map((slot) => pool.offerAt(slot).nodeId).toSorted()).toEqual(
    [offer(5), offer(2_100)].map((o) => o.nodeId),
  )
  expect([...pool.slots()].filter((slot) => pool.index.hasChanged(slot, pool.index.version))).toEqual([])
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

/** The bound is lowered so that random markets of a few hundred stand above it. */
const tuning = { recallOver: 64 }

test('every promise holds where samples are remembered', slow, () => {
  const promised = constraintsHold({ replicas: 400, steps: 2_000, open: 10 }, 1, { tuning })
  fc.assert(promised.property(), { numRuns: 8, seed: 3 })
  expect(promised.counts().amongMany).toBeGreaterThan(500)
})

/** What was decided on the way is forgotten: the order of arrival itself leaves no trace. */
test(
  'the order in which a fleet arrives never changes a placement, once what was decided on the way is forgotten',
  slow,
  () => {
    const size = { replicas: 400, asks: 200, open: 1_000, policies: 1, alike: true }
    const promised = orderChangesNothing(size, 1, { tuning, settling: 400 })
    fc.assert(promised.property(), { numRuns: 10, seed: 3 })
    expect(promised.decisions()).toBeGreaterThan(300)
  },
)

test('equal offers share equally where samples serve several decisions', slow, () => {
  // A sample of twelve to fifteen serves four decisions in the mean: counts vary by half as much again as single draws.
  fc.assert(equalsShare({ min: 900, max: 1_100 }, 1, 1.5).property(), { numRuns: 2, seed: 7 })
})
