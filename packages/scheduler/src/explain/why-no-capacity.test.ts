import { prng } from '@isochrone/domain'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { decide } from '../decide/decide.ts'
import { hexId, NOW_MS, offer, request } from '../decide/fixtures.ts'
import type { ReplicaOffer } from '../offer.ts'
import { createReplicaPool, type ReplicaPool } from '../pool/replica-pool.ts'
import {
  anyAsk,
  anyOffer,
  anyReport,
  drawnSeed,
  named,
  policyWith,
  reportAt,
  requestOf,
} from '../testing/arbitraries.ts'
import { listOf } from '../testing/market.ts'
import { whyNoCapacity } from './why-no-capacity.ts'

function poolOf(offers: readonly ReplicaOffer[]): ReplicaPool {
  const pool = createReplicaPool()
  for (const one of offers) pool.upsert(one)
  return pool
}
const priced = (n: number, outPerMtok: number, change: Partial<ReplicaOffer> = {}): ReplicaOffer =>
  offer(n, { prices: { inPerMtok: 100_000, cachedPerMtok: 20_000, outPerMtok, inPerGb: 0, outPerGb: 0 }, ...change })

test('it names the cap to raise, what that opens and what it costs, and the country to allow', () => {
  const pool = poolOf([
    ...Array.from({ length: 12 }, (_, n) => priced(n, 620_000)),
    ...Array.from({ length: 3 }, (_, n) => priced(100 + n, 350_000, { country: 'FR', region: 'eu-fr' })),
  ])
  const asked = request(
    { tokensOutExpected: 500, tokensOutMax: 1_000 },
    {
      regions: ['DE'],
      maxPrice: { inPerMtok: null, outPerMtok: 400_000, requestMicroUsd: null },
    },
  )
  const { changes, open, poolSize } = whyNoCapacity(pool, asked, NOW_MS)
  expect([open, poolSize]).toEqual([0, 15])
  expect(changes.map(({ sentence }) => sentence)).toEqual([
    'raise max_price.output from 0.40 to 0.62 USD/Mtok: 12 replicas, about +0.00011 USD for this request',
    'allow FR in regions: 3 replicas, about 0.000275 USD for this request',
  ])
})

test('where no single change would do, it names a pair', () => {
  const pool = poolOf([priced(1, 620_000, { country: 'FR', gpuClass: 'B200' })])
  const { changes } = whyNoCapacity(pool, request({}, { regions: ['DE'], gpuClasses: ['H200'] }), NOW_MS)
  expect(changes.map(({ sentence }) => sentence)).toEqual([
    'allow FR in regions and allow B200 in gpu_classes: 1 replica, about 0.000224 USD for this request',
  ])
})

test('where no pair would do, it names the fewest changes that would, and the engine then places', () => {
  const far = { country: 'FR', gpuClass: 'B200', trust: 'claimed' } as const
  const pool = poolOf([
    priced(1, 620_000, far),
    priced(2, 700_000, { ...far, dataPolicy: 'any' }),
    priced(3, 640_000, far),
  ])
  const asked = request(
    {},
    { regions: ['DE'], gpuClasses: ['H200'], minTrust: 'challenged', dataPolicy: 'no_training' },
  )
  const { changes, open } = whyNoCapacity(pool, asked, NOW_MS)
  expect([open, changes.map(({ sentence }) => sentence)]).toEqual([
    0,
    [
      'allow FR in regions and lower min_trust from challenged to claimed and allow B200 in gpu_classes: 2 replicas, about 0.000224 USD for this request',
    ],
  ])
  expect(changes[0] && decide(pool, changes[0].request, prng(1), NOW_MS)).toMatchObject({ kind: 'placed', slot: 0 })
  // What the organisation forbids is no way in, however many changes it takes.
  expect(whyNoCapacity(pool, asked, NOW_MS, { regions: ['DE'] }).changes).toEqual([])
})

test('where time is in the way, it says how long to wait and which target would be met', () => {
  const pool = poolOf([priced(1, 400_000)])
  pool.report(0, {
    atMs: NOW_MS,
    activeStreams: 2,
    queuedStreams: 0,
    ownStreams: 0,
    draining: false,
    prefillTokens: 60_000,
  })
  const { changes } = whyNoCapacity(pool, request({}, { admission: 'slack', ttftSloMs: 900 }), NOW_MS)
  expect(changes.map(({ sentence }) => sentence)).toEqual([
    expect.stringMatching(/^wait \d+\.\d s: 1 replica, /),
    expect.stringMatching(/^accept a TTFT of [\d,]+ ms instead of 900 ms: 1 replica, /),
  ])
})

/** Where the whole fleet is full, each place would else be filled until half of those that run there are late. */
test('beside many streams a target needs a margin, where nobody runs or after an attempt elsewhere none', () => {
  const asked = (activeStreams: number, tpotSloMs: number, excludeNodeIds: string[] = []) => {
    const pool = poolOf([offer(1, { concurrencyMax: 1_024 })])
    const report = { atMs: NOW_MS, activeStreams, queuedStreams: 0, prefillTokens: 0, contextTokens: 1_100 }
    pool.report(0, { ...report, ownStreams: 0, draining: false })
    const slos = { admission: 'slack', ttftSloMs: 5_000, tpotSloMs } as const
    return { pool, ask: request({ excludeNodeIds }, slos) }
  }
  const tpotMs = (streams: number) => 9 + (0.34 + 0.000_043 * 1_100) * (streams + 1)
  const smallest = (streams: number, excludeNodeIds: string[] = []): number => {
    const { pool, ask } = asked(streams, 5, excludeNodeIds)
    const [change] = whyNoCapacity(pool, ask, NOW_MS)
      .changes.flatMap(({ changes }) => changes)
      .filter(({ field }) => field === 'tpot_slo_ms')
    return change?.field === 'tpot_slo_ms' ? change.ms : NaN
  }
  const placed = (streams: number, ms: number, excludeNodeIds?: string[]) => {
    const { pool, ask } = asked(streams, ms, excludeNodeIds)
    return decide(pool, ask, prng(1), NOW_MS).kind === 'placed'
  }
  const elsewhere = [hexId(9)]
  expect([smallest(0), smallest(400, elsewhere)]).toEqual([Math.ceil(tpotMs(0)), Math.ceil(tpotMs(400))])
  for (const streams of [1, 16, 64, 400]) {
    const share = 1 - (0.15 * streams) / (streams + 64)
    expect(smallest(streams)).toBe(Math.ceil(tpotMs(streams) / share))
    expect([placed(streams, smallest(streams)), placed(streams, smallest(streams) - 1)]).toEqual([true, false])
    expect(placed(streams, Math.ceil(tpotMs(streams)), elsewhere)).toBe(true)
  }
})

test('nothing is suggested where something is open, or where nothing that can be changed would help', () => {
  const pool = poolOf([priced(1, 400_000)])
  expect(whyNoCapacity(pool, request(), NOW_MS)).toMatchObject({ open: 1, changes: [], limits: [] })
  expect(whyNoCapacity(pool, request({ modelHash: '0xother' }), NOW_MS)).toMatchObject({
    open: 0,
    changes: [],
    limits: [],
  })
  expect(whyNoCapacity(createReplicaPool(), request(), NOW_MS)).toEqual({
    poolSize: 0,
    open: 0,
    changes: [],
    limits: [],
  })
})

test('every suggestion is true: with the change applied, the engine places the request', { timeout: 60_000 }, () => {
  let applied = 0
  const reported = fc.option(anyReport, { freq: 4 })
  const offers = listOf(fc.tuple(anyOffer, reported), 60)
  const asks = fc.array(fc.tuple(anyAsk, policyWith(2), drawnSeed), { minLength: 10, maxLength: 20 })
  const check = fc.property(offers, asks, (arrivals, asked) => {
    const pool = createReplicaPool()
    arrivals.forEach(([one, report], n) => {
      const slot = pool.upsert(named(one, n))
      if (report) pool.report(slot, reportAt(report, NOW_MS))
    })
    asked.forEach(([ask, policy, seed], n) => {
      const wanted = { ...requestOf(ask, policy, n), prefixHashes: [] }
      const { changes, open } = whyNoCapacity(pool, wanted, NOW_MS)
      const decision = decide(pool, wanted, prng(n), NOW_MS)
      expect(open > 0).toBe(decision.kind === 'placed')
      expect(changes.length).toBeLessThanOrEqual(5)
      // More than two only where nothing else would do.
      if (changes.some((change) => change.changes.length > 2)) expect(changes).toHaveLength(1)
      for (const change of changes) {
        if (change.waitMs > 0) continue
        expect(decide(pool, change.request, prng(seed), NOW_MS).kind).toBe('placed')
        applied++
      }
    })
  })
  fc.assert(check, { numRuns: 60 })
  expect(applied).toBeGreaterThan(400)
})

test('in a large fleet it looks at a bounded number of replicas and estimates the rest', () => {
  const pool = poolOf(Array.from({ length: 12_000 }, (_, n) => priced(n, 500_000 + (n % 40) * 1_000)))
  const asked = request({}, { maxPrice: { inPerMtok: null, outPerMtok: 400_000, requestMicroUsd: null } })
  const [first] = whyNoCapacity(pool, asked, NOW_MS).changes
  expect(first?.isEstimate).toBe(true)
  expect(first?.replicas).toBeGreaterThan(50)
  expect(first?.replicas).toBeLessThan(2_000)
  expect(first && decide(pool, first.request, prng(1), NOW_MS).kind).toBe('placed')
})
