import { prng } from '@isochrone/domain'
import { expect, test } from 'vitest'
import type { PolicyInstance } from '../sim-types.ts'
import { c3, c3Score } from './c3.ts'
import { dynamo, dynamoCost } from './dynamo.ts'
import { failedOutcome, fakeOutcome, fakeReport, fakeRequest, fakeWorld } from './fake-world.ts'
import { leastLoaded } from './least-loaded.ts'
import { llmDDefaultScorers, llmDScores } from './llm-d-default-scorers.ts'
import { affinityFiltered, llmD } from './llm-d.ts'
import { nearest } from './nearest.ts'
import { createCubicRate, cubicRate } from './parts/cubic-rate.ts'
import { createProbePool, reuseBudget, type Probe } from './parts/probe-pool.ts'
import { powerOfTwoChoices } from './power-of-two-choices.ts'
import { hotColdLexicographic, prequal, quantile } from './prequal.ts'
import { random } from './random.ts'
import { roundRobin } from './round-robin.ts'
import { isImbalanced, sglangCacheAware } from './sglang-cache-aware.ts'
import { skyserve } from './skyserve.ts'

function chosen(instance: PolicyInstance, nowMs = 0, prefixHashes: readonly number[] = []): number | null {
  const choice = instance.choose(fakeRequest({ prefixHashes, arriveMs: nowMs }), nowMs, [])
  return choice.kind === 'replica' ? choice.replica : null
}

const probe = (replica: number, inFlight: number, answeredMs = 0): Probe => ({
  replica,
  inFlight,
  waitingTokens: 0,
  answeredMs,
  usesLeft: 3,
})

test('round robin visits every replica once before any twice', () => {
  const instance = roundRobin.create(fakeWorld([{}, {}, {}, {}]))
  const first = Array.from({ length: 8 }, () => chosen(instance))
  expect(new Set(first.slice(0, 4)).size).toBe(4)
  expect(first.slice(4)).toEqual(first.slice(0, 4))
})

test('nearest takes the least round trip, and the next when it is full', () => {
  const instance = nearest.create(fakeWorld([{}, { concurrencyMax: 8 }, {}], { rttMs: [40, 5, 90] }))
  expect(chosen(instance)).toBe(1)
  for (let i = 0; i < 2; i++) instance.onDispatch?.(1, fakeRequest(), 0)
  expect(chosen(instance)).toBe(0)
})

test('least loaded counts its own requests, and hears of their end at once', () => {
  const instance = leastLoaded.create(fakeWorld([{}, {}]))
  instance.onDispatch?.(0, fakeRequest(), 0)
  expect(chosen(instance)).toBe(1)
  instance.onDispatch?.(1, fakeRequest(), 0)
  instance.onDispatch?.(1, fakeRequest(), 0)
  expect(chosen(instance)).toBe(0)
  for (let i = 0; i < 2; i++) instance.onEnd?.(1, fakeRequest(), failedOutcome, 0)
  expect(chosen(instance)).toBe(1)
})

test('power of two choices never takes the most loaded of three, and does not always take the least', () => {
  const instance = powerOfTwoChoices.create(fakeWorld([{}, {}, {}]))
  for (const [replica, own] of [9, 5, 1].entries())
    for (let i = 0; i < own; i++) instance.onDispatch?.(replica, fakeRequest(), 0)
  expect(new Set(Array.from({ length: 100 }, () => chosen(instance)))).toEqual(new Set([1, 2]))
})

test('outlier detection: five failures in a row eject for 30 s', () => {
  const instance = random.create(fakeWorld(Array.from({ length: 10 }, () => ({}))))
  for (let i = 0; i < 5; i++) instance.onEnd?.(3, fakeRequest(), failedOutcome, 0)
  expect(Array.from({ length: 300 }, () => chosen(instance, 29_999))).not.toContain(3)
  expect(Array.from({ length: 300 }, () => chosen(instance, 30_000))).toContain(3)
})

test('prequal: the cold probe with the lowest latency; without a cold one the fewest in flight', () => {
  const latencyOf = ({ replica }: Probe): number => [30, 10, 20][replica] ?? 0
  const probes = [probe(0, 2), probe(1, 9), probe(2, 3)]
  expect(hotColdLexicographic(probes, 5, latencyOf).map(({ replica }) => replica)).toEqual([2, 0, 1])
  expect(hotColdLexicographic(probes, 1, latencyOf).map(({ replica }) => replica)).toEqual([0, 2, 1])
})

test('prequal: the hot threshold is the 0.84 quantile of recent answers', () => {
  expect(
    quantile(
      Array.from({ length: 100 }, (_, i) => i),
      2 ** -0.25,
    ),
  ).toBe(84)
  expect(quantile([], 0.5)).toBe(Infinity)
})

test('prequal: the reuse budget follows the paper, with unbiased rounding', () => {
  const rng = prng(1)
  // (1 + 1) ÷ ((1 − 16/100) · 3 − 1) = 1.316
  const draws = Array.from({ length: 10_000 }, () => reuseBudget(16, 100, 3, 1, rng))
  expect(new Set(draws)).toEqual(new Set([1, 2]))
  expect(draws.reduce((sum, value) => sum + value, 0) / draws.length).toBeCloseTo(1.316, 1)
  expect(reuseBudget(16, 16, 3, 1, rng)).toBe(Infinity)
})

test('prequal: the pool is bounded, forgets after its age limit, and drops the oldest and the worst by turns', () => {
  const pool = createProbePool(3, 1000)
  for (let replica = 0; replica < 4; replica++) pool.add(probe(replica, replica, replica))
  expect(pool.probes().map(({ replica }) => replica)).toEqual([1, 2, 3])
  const worse = (a: Probe, b: Probe): boolean => a.inFlight > b.inFlight
  pool.removeOne(worse)
  expect(pool.probes().map(({ replica }) => replica)).toEqual([2, 3])
  pool.removeOne(worse)
  expect(pool.probes().map(({ replica }) => replica)).toEqual([2])
  pool.prune(1003, () => true)
  expect(pool.probes()).toEqual([])
})

test('prequal probes three distinct replicas a query and prefers the one that answers with less in flight', () => {
  const world = fakeWorld(Array.from({ length: 8 }, () => ({})))
  const instance = prequal.create(world)
  chosen(instance)
  expect(new Set(world.asked.map(({ replica }) => replica)).size).toBe(3)
  const asked = world.asked.splice(0)
  for (const [position, { answer }] of asked.entries())
    answer(fakeReport({ activeStreams: position === 1 ? 2 : 60 }), 10)
  expect(chosen(instance, 20)).toBe(asked[1]?.replica)
})

test('c3: the queue counts with its cube', () => {
  expect(c3Score(100, 10, 4) - c3Score(100, 10, 0)).toBe(640)
  expect(c3Score(100, 10, 8) - c3Score(100, 10, 0)).toBe(8 * 640)
})

test('c3: the rate grows slowly near the rate of the last decrease and fast far from it', () => {
  expect(cubicRate(10, 0)).toBeCloseTo(8)
  expect(cubicRate(10, 5000)).toBeCloseTo(10)
  const near = cubicRate(10, 6000) - cubicRate(10, 5000)
  expect(cubicRate(10, 15_000) - cubicRate(10, 14_000)).toBeGreaterThan(20 * near)
})

test('c3: a limiter whose answers keep up never slows down; one that is not answered does', () => {
  const good = createCubicRate(5)
  const bad = createCubicRate(5)
  for (let second = 1; second < 60; second++) {
    for (let i = 0; i < 4; i++) {
      good.sent(second * 1000)
      good.answered(second * 1000 + 100)
      bad.sent(second * 1000)
    }
    if (second % 4 === 0) bad.answered(second * 1000 + 100)
  }
  expect(good.rate()).toBeGreaterThanOrEqual(5)
  expect(bad.rate()).toBeLessThan(5)
})

test('c3: without a permitted replica the request waits, at most half of its TTFT SLO', () => {
  const instance = c3.create(fakeWorld([{}]))
  for (let i = 0; i < 100; i++) instance.onDispatch?.(0, fakeRequest(), 0)
  expect(instance.choose(fakeRequest({ arriveMs: 0 }), 10, []).kind).toBe('wait')
  expect(instance.choose(fakeRequest({ arriveMs: 0 }), 300, []).kind).toBe('replica')
})

test('llm-d: the fewest tokens in flight, not the fewest requests', () => {
  const instance = llmD.create(fakeWorld([{}, {}]))
  instance.onDispatch?.(0, fakeRequest({ index: 1, tokensIn: 9000 }), 0)
  for (let index = 2; index < 5; index++) instance.onDispatch?.(1, fakeRequest({ index, tokensIn: 1000 }), 0)
  expect(chosen(instance)).toBe(1)
  instance.onEnd?.(0, fakeRequest({ index: 1, tokensIn: 9000 }), failedOutcome, 0)
  expect(chosen(instance)).toBe(0)
})

test('llm-d: stickiness ends where the holders are 286,720 tokens busier', () => {
  const match = (replica: number): number => (replica === 2 ? 0.8 : 0.79)
  expect(affinityFiltered([0, 1, 2], match, (replica) => (replica === 2 ? 286_720 : 0))).toEqual([2])
  expect(affinityFiltered([0, 1, 2], match, (replica) => (replica === 2 ? 286_721 : 0))).toEqual([0, 1, 2])
  expect(affinityFiltered([0, 1], match, () => 0)).toEqual([0, 1])
})

test('llm-d default scorers: 2 · queue + 2 · free KV + 3 · prefix', () => {
  expect(
    llmDScores([
      { queued: 0, kvUtilisation: 0.5, prefixMatch: 0 },
      { queued: 10, kvUtilisation: 0, prefixMatch: 1 },
      { queued: 5, kvUtilisation: null, prefixMatch: 0 },
    ]),
  ).toEqual([3, 5, 1])
  expect(llmDScores([{ queued: 7, kvUtilisation: 1, prefixMatch: 0 }])).toEqual([2])
})

test('llm-d default scorers: scrapes each replica at most every 50 ms, one question at a time, and goes by the answers', () => {
  const world = fakeWorld([{}, {}])
  const instance = llmDDefaultScorers.create(world)
  chosen(instance, 0)
  chosen(instance, 100)
  expect(world.asked.length).toBe(2)
  for (const { replica, answer } of world.asked.splice(0))
    answer(fakeReport({ atMs: 100, kvTokensUsed: replica === 0 ? 900_000 : 1000 }), 110)
  expect(chosen(instance, 120)).toBe(1)
  expect(world.asked.length).toBe(2)
})

test('dynamo: waiting and uncached prompt tokens plus active KV, in blocks of 16', () => {
  expect(dynamoCost({ promptTokens: 1600, cachedTokens: 800, waitingTokens: 320, activeTokens: 3200 })).toBe(
    (320 + 800 + 3200 + 1600) / 16,
  )
})

test.for([dynamo, llmD, llmDDefaultScorers, sglangCacheAware])(
  '$name goes where the prefix is, until that replica is far busier',
  (policy) => {
    const instance = policy.create(fakeWorld([{}, {}, {}]))
    const prefix = [1, 2, 3, 4]
    const first = fakeRequest({ index: 1, tokensIn: 2048, prefixHashes: prefix })
    for (let replica = 0; replica < 3; replica++) instance.onReport?.(replica, fakeReport({ atMs: 1 }), 1)
    instance.onDispatch?.(1, first, 0)
    instance.onFirstToken?.(1, first, 100, 0)
    instance.onEnd?.(1, first, fakeOutcome(), 0)
    const picks = Array.from({ length: 20 }, () => chosen(instance, 2, [...prefix, 5]))
    expect(picks).toEqual(picks.map(() => 1))
    for (let index = 2; index < 102; index++) instance.onDispatch?.(1, fakeRequest({ index, tokensIn: 4000 }), 2)
    // llm-d's scorers weigh a whole prompt in cache (3) above an idle KV cache (2): only a queue (2) tips them.
    instance.onReport?.(
      1,
      fakeReport({ atMs: 3, activeStreams: 100, queuedStreams: 60, kvTokensUsed: 1_500_000, ownStreams: 100 }),
      3,
    )
    expect(chosen(instance, 4, [...prefix, 5])).not.toBe(1)
  },
)

test('sglang: imbalance needs both thresholds', () => {
  expect(isImbalanced([0, 64])).toBe(false)
  expect(isImbalanced([0, 65])).toBe(true)
  expect(isImbalanced([200, 290])).toBe(false)
  expect(isImbalanced([])).toBe(false)
})

test('skyserve: load counts in proportion to what the GPU class can do', () => {
  const fast = {
    gpuClass: 'B300' as const,
    declared: {
      baseMs: 0,
      prefillMsPerToken: 0.0159,
      tpotBaseMs: 9,
      tpotPerStreamMs: 0.17,
      tpotPerStreamTokenMs: 2.15e-5,
    },
  }
  const instance = skyserve.create(fakeWorld([{}, fast]))
  for (let i = 0; i < 10; i++) instance.onDispatch?.(0, fakeRequest(), 0)
  for (let i = 0; i < 15; i++) instance.onDispatch?.(1, fakeRequest(), 0)
  expect(chosen(instance)).toBe(1)
  for (let i = 0; i < 10; i++) instance.onDispatch?.(1, fakeRequest(), 0)
  expect(chosen(instance)).toBe(0)
})
