import { prng } from '@isochrone/domain'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { createReplicaPool, type ReplicaPool } from '../pool/replica-pool.ts'
import type { ReplicaOffer } from '../offer.ts'
import { replayDecision } from '../explain/replay-decision.ts'
import { chooseFromSample } from './choose-from-sample.ts'
import { decide } from './decide.ts'
import { hexId, NOW_MS, offer, request } from './fixtures.ts'

function poolOf(offers: readonly ReplicaOffer[], options = {}): ReplicaPool {
  const pool = createReplicaPool(options)
  for (const each of offers) pool.upsert(each)
  return pool
}
const range = (n: number): number[] => Array.from({ length: n }, (_, i) => i)
const prices = (out: number): ReplicaOffer['prices'] => ({ ...offer(0).prices, outPerMtok: out })

test('a small pool: the cheapest wins, alternates are in other domains, and the record replays from JSON', () => {
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

test('alternates are the two best outside the domain of the choice, each in a domain of its own', () => {
  const place = fc.record({ domain: fc.nat(4), out: fc.integer({ min: 1, max: 12 }) })
  fc.assert(
    fc.property(fc.array(place, { minLength: 1, maxLength: 30 }), fc.nat(2 ** 31), (places, seed) => {
      const pool = poolOf(
        places.map(({ domain, out }, n) => offer(n, { failureDomain: `dc-${domain}`, prices: prices(out * 100_000) })),
      )
      const { candidates, choice, alternates } = decide(pool, request(), prng(seed), NOW_MS).record()
      const taken = new Set([candidates.find(({ nodeId }) => nodeId === choice)?.failureDomain])
      const expected: string[] = []
      for (const { nodeId, failureDomain } of candidates) {
        if (expected.length === 2 || taken.has(failureDomain)) continue
        taken.add(failureDomain)
        expected.push(nodeId)
      }
      expect(alternates).toEqual(expected)
    }),
    { numRuns: 300 },
  )
})

test('a price cap holds for a prompt token that costs more cached than not, as its price is now', () => {
  const dear = { ...offer(0).prices, inPerMtok: 100_000, cachedPerMtok: 300_000 }
  const pool = poolOf(range(20).map((n) => offer(n, { prices: dear })))
  const capped = request({}, { maxPrice: { inPerMtok: 200_000, outPerMtok: null, requestMicroUsd: null } })
  const chosen = (): string | null => decide(pool, capped, prng(1), NOW_MS).record().choice
  expect(decide(pool, capped, prng(1), NOW_MS)).toMatchObject({ kind: 'none', reason: 'over_price_cap' })
  for (const cachedPerMtok of [200_000, 90_000]) {
    pool.upsert(offer(6, { prices: { ...dear, cachedPerMtok } }))
    expect(chosen()).toBe(hexId(6))
    pool.upsert(offer(6, { prices: dear }))
    expect(chosen()).toBeNull()
  }
})

/** Of a hundred tokens a step with a chunk of somebody's prompt is one in a hundred; of two it is the whole TPOT. */
test('an answer of few tokens goes where even a step with a chunk of prompt keeps the SLO, and pays for it', () => {
  const prior = { baseMs: 9, prefillMsPerToken: 0.03, tpotBaseMs: 9, tpotPerStreamMs: 0.3, tpotPerStreamTokenMs: 0 }
  const pool = poolOf([
    offer(1, { prior, concurrencyMax: 200, prices: prices(300_000) }),
    offer(2, { prior, concurrencyMax: 200, prices: prices(330_000) }),
  ])
  const report = { atMs: NOW_MS, queuedStreams: 0, ownStreams: 0, draining: false, contextTokens: 0 }
  pool.report(pool.slotOf(hexId(1)) as number, { ...report, activeStreams: 80 })
  pool.report(pool.slotOf(hexId(2)) as number, { ...report, activeStreams: 5 })
  const recordOf = (gapNoise: number | undefined) =>
    decide(pool, request({ gapNoise }, { valueOfSecondMicroUsd: 0 }), prng(1), NOW_MS).record()
  for (const even of [undefined, 0, 0.1, Number.NaN, -3]) expect(recordOf(even).choice).toBe(hexId(1))
  const short = recordOf(1)
  expect(short.choice).toBe(hexId(2))
  const busy = short.candidates.find(({ nodeId }) => nodeId === hexId(1))
  // 9 + 0.3 · 81 ms keeps 50 ms by itself, so what it costs here is the chunk.
  expect(busy?.tpotMs).toBeCloseTo(33.3)
  expect(busy?.terms.sloTpot).toBeGreaterThan(busy?.terms.tokens ?? 0)
  expect(recordOf(1e9).candidates).toEqual(short.candidates)
  const read = JSON.parse(JSON.stringify(short)) as typeof short
  expect(replayDecision(read).differences).toEqual([])
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

/** The optimum fills cheap replicas to their SLO and then the next: the sample must find the ones at the margin. */
test('with the cheapest replicas saturated, the choice is among the cheapest of those that have slack', () => {
  const price = (n: number): ReplicaOffer['prices'] => ({ ...offer(0).prices, outPerMtok: 100_000 * 1.002 ** n })
  const pool = poolOf(range(2_000).map((n) => offer(n, { prices: price(n) })))
  for (const n of range(2_000)) {
    const slot = pool.slotOf(hexId(n)) as number
    const saturated = n < 500
    pool.report(slot, {
      atMs: NOW_MS,
      activeStreams: saturated ? 110 : 20,
      queuedStreams: 0,
      ownStreams: 0,
      draining: false,
      contextTokens: 1_000,
    })
  }
  const rng = prng(2)
  const ratios = range(300).map(() => {
    const decision = decide(pool, request({}, { valueOfSecondMicroUsd: 0 }), rng, NOW_MS)
    if (decision.kind === 'none' || decision.explored) return 1
    return pool.offerAt(decision.slot).prices.outPerMtok / price(500).outPerMtok
  })
  expect(Math.min(...ratios)).toBeGreaterThanOrEqual(1)
  expect(ratios.reduce((sum, ratio) => sum + ratio, 0) / ratios.length).toBeLessThan(1.1)
})

test('a pool in which every report is stale still places, and one fresh replica goes before them', () => {
  const pool = poolOf(range(40).map((n) => offer(n)))
  const reportAt = (n: number, atMs: number): void =>
    pool.report(pool.slotOf(hexId(n)) as number, {
      atMs,
      activeStreams: 1,
      queuedStreams: 0,
      ownStreams: 0,
      draining: false,
    })
  for (const n of range(40)) reportAt(n, NOW_MS - 60_000)
  expect(decide(pool, request(), prng(1), NOW_MS).kind).toBe('placed')
  reportAt(17, NOW_MS)
  for (const seed of range(20)) {
    expect(decide(pool, request(), prng(seed), NOW_MS)).toMatchObject({ slot: pool.slotOf(hexId(17)) })
  }
})

test('a record made after the dispatch shows the replicas as the decision saw them', () => {
  const pool = poolOf(range(30).map((n) => offer(n)))
  const decision = decide(pool, request(), prng(1), NOW_MS)
  const before = structuredClone(decision.record())
  if (decision.kind === 'placed') pool.opened(decision.slot, { tokensIn: 1_000, tokensCached: 0, tokensOut: 200 })
  expect(decision.record()).toEqual(before)
})

test('a holder of the prompt’s prefix wins while its load is within bounds, and not beyond', () => {
  const pool = poolOf(range(200).map((n) => offer(n)))
  const hashes = [11, 12, 13, 14]
  const asked = request({ prefixHashes: hashes, prefixBlockTokens: 250 })
  const holder = pool.slotOf(hexId(7)) as number
  pool.prefix.note(holder, hashes)
  for (const seed of range(10)) expect(decide(pool, asked, prng(seed + 1), NOW_MS)).toMatchObject({ slot: holder })
  const load = (slot: number, activeStreams: number): void =>
    pool.report(slot, { atMs: NOW_MS, activeStreams, queuedStreams: 0, ownStreams: 0, draining: false })
  for (const n of range(200)) load(pool.slotOf(hexId(n)) as number, 8)
  load(holder, 12)
  expect(decide(pool, asked, prng(1), NOW_MS)).not.toMatchObject({ slot: holder })
})

/** A big provider that is excluded must not hide the others, however cheap and many its replicas are. */
test('replicas beyond thousands of excluded or too dear ones are found', () => {
  const cheap = range(2_000).map((n) => offer(n, { providerId: 'prv_big', prices: prices(100_000) }))
  const few = range(5).map((n) => offer(3_000 + n, { providerId: 'prv_small', prices: prices(900_000) }))
  const pool = poolOf([...cheap, ...few])
  const bytes = poolOf([
    ...range(2_000).map((n) => offer(n, { prices: { ...prices(100_000), outPerGb: 50_000_000_000 } })),
    ...few,
  ])
  for (let seed = 0; seed < 50; seed++) {
    expect(decide(pool, request({}, { exclude: ['prv_big'] }), prng(seed), NOW_MS).kind).toBe('placed')
    const maxPrice = { inPerMtok: null, outPerMtok: null, requestMicroUsd: 1_000 }
    expect(decide(bytes, request({}, { maxPrice }), prng(seed), NOW_MS).kind).toBe('placed')
  }
})

/** What is sealed to some nodes goes to them alone, inside the policy, and never to whoever is better. */
test('only the named nodes may serve, whatever else there is', () => {
  for (const size of [10, 200]) {
    const pool = poolOf(range(size).map((n) => offer(n, n === 7 ? { country: 'FR' } : {})))
    const onlyNodeIds = [hexId(3), hexId(5), hexId(7), hexId(999), hexId(3)]
    for (const seed of range(40)) {
      const record = decide(pool, request({ onlyNodeIds }, { regions: ['DE'] }), prng(seed), NOW_MS).record()
      expect([hexId(3), hexId(5)]).toContain(record.choice)
      expect([hexId(3), hexId(5)]).toEqual(expect.arrayContaining(record.alternates))
      expect(record.sampled.map(({ offer: { nodeId } }) => nodeId)).toEqual([hexId(3), hexId(5), hexId(7)])
      expect(record.rejected.filter(({ nodeId }) => nodeId === hexId(7))).toEqual([
        { nodeId: hexId(7), reason: 'outside_residency' },
      ])
      expect(replayDecision(record).differences).toEqual([])
    }
    const tried = request({ onlyNodeIds: [hexId(3)], excludeNodeIds: [hexId(3)] })
    expect(decide(pool, tried, prng(1), NOW_MS)).toMatchObject({ kind: 'none', reason: 'excluded' })
    expect(decide(pool, request({ onlyNodeIds: [] }), prng(1), NOW_MS).kind).toBe('none')
  }
})

/** A cheap replica fills up by and by: no jump that several gateways could run over at once. */
test('what one stream more costs those that run there begins at nothing and rises ever faster', () => {
  const loads = [60, 70, 80, 90, 100, 110]
  const pool = poolOf(loads.map((n) => offer(n, { concurrencyMax: 256 })))
  for (const activeStreams of loads) {
    const report = { atMs: NOW_MS, activeStreams, queuedStreams: 0, prefillTokens: 0, contextTokens: 1_000 }
    pool.report(pool.slotOf(hexId(activeStreams)) as number, { ...report, ownStreams: 0, draining: false })
  }
  // Its own SLO is far away, so what is left in the term is the others'.
  const record = decide(pool, request({}, { tpotSloMs: 200 }), prng(1), NOW_MS).record()
  const costs = loads.map((n) => record.candidates.find(({ nodeId }) => nodeId === hexId(n))?.terms.sloTpot ?? NaN)
  const steps = costs.slice(1).map((cost, i) => cost - (costs[i] as number))
  expect(costs.slice(0, 2)).toEqual([0, 0])
  expect(steps.slice(1).every((step, i) => step > (steps[i] as number))).toBe(true)
  expect([hexId(60), hexId(70)]).toContain(record.choice)
  expect(replayDecision(JSON.parse(JSON.stringify(record)) as typeof record).differences).toEqual([])
})
