import { expect, test } from 'vitest'
import type { PolicyInstance } from '../sim-types.ts'
import { cheapest } from './cheapest.ts'
import { failedOutcome, fakeOutcome, fakeReport, fakeRequest, fakeWorld, priced, refusedOutcome } from './fake-world.ts'
import { inverseSquarePrice } from './inverse-square-price.ts'
import { litellmCost } from './litellm-cost.ts'
import { litellmLatency } from './litellm-latency.ts'
import { livepeerProbabilities } from './livepeer.ts'
import { llmgateway, llmgatewayScores, uptimePenalty } from './llmgateway.ts'
import { openrouter, shareWeight } from './openrouter.ts'

function chosen(instance: PolicyInstance, nowMs = 0): number | null {
  const choice = instance.choose(fakeRequest(), nowMs, [])
  return choice.kind === 'replica' ? choice.replica : null
}

test('inverse square price: half the price gets four times the traffic', () => {
  const instance = inverseSquarePrice.create(fakeWorld([priced(2), priced(1)]))
  const counts = [0, 0]
  for (let i = 0; i < 20_000; i++) {
    const replica = chosen(instance) ?? 0
    counts[replica] = (counts[replica] ?? 0) + 1
  }
  expect((counts[1] ?? 0) / (counts[0] ?? 1)).toBeGreaterThan(3.7)
  expect((counts[1] ?? 0) / (counts[0] ?? 1)).toBeLessThan(4.3)
})

test('inverse square price: a provider with outages in the last 30 s is a fallback, then it is back', () => {
  const instance = inverseSquarePrice.create(fakeWorld([priced(1), priced(9)]))
  for (let i = 0; i < 2; i++) instance.onEnd?.(0, fakeRequest(), failedOutcome, 1000)
  for (let i = 0; i < 50; i++) expect(chosen(instance, 2000)).toBe(1)
  expect(instance.choose(fakeRequest(), 2000, [1])).toEqual({ kind: 'replica', replica: 0 })
  const later = Array.from({ length: 50 }, () => chosen(instance, 31_500))
  expect(later).toContain(0)
})

test('cheapest takes the lowest price, and the next when that is at its limit or refuses', () => {
  const instance = cheapest.create(fakeWorld([priced(2), { ...priced(1), concurrencyMax: 16 }, priced(3)]))
  expect(chosen(instance)).toBe(1)
  // Before any heartbeat this gateway takes itself for one of four: 16 ÷ 4.
  for (let i = 0; i < 4; i++) instance.onDispatch?.(1, fakeRequest(), 0)
  expect(chosen(instance)).toBe(0)
  for (let i = 0; i < 4; i++) instance.onEnd?.(1, fakeRequest(), fakeOutcome(), 0)
  expect(chosen(instance)).toBe(1)
  for (let i = 0; i < 4; i++) instance.onEnd?.(1, fakeRequest(), refusedOutcome, 0)
  expect(chosen(instance, 10)).toBe(0)
})

test('limits: a gateway that sends all of the traffic may use the whole limit', () => {
  const instance = cheapest.create(fakeWorld([priced(1), priced(2)]))
  for (let beat = 0; beat < 100; beat++)
    for (const replica of [0, 1])
      instance.onReport?.(replica, fakeReport({ activeStreams: 20, ownStreams: 20 }), beat * 1000)
  let first = 0
  while (chosen(instance, 100_000) === 0 && first < 300) {
    instance.onDispatch?.(0, fakeRequest(), 0)
    first++
  }
  // Half of 50 ms: (25 − 9) ÷ (0.34 + 0.0473 + 31.7 ÷ 200) ≈ 29 streams on the curve of the H200.
  expect(first).toBeGreaterThanOrEqual(28)
  expect(first).toBeLessThanOrEqual(30)
})

test('limits: long prompts that must wait for one another lower the limit far below what TPOT allows', () => {
  const limit = (tokensIn: number, ttftSloMs: number): number => {
    const instance = cheapest.create(fakeWorld([priced(1), priced(2)]))
    for (let beat = 0; beat < 100; beat++)
      instance.onReport?.(0, fakeReport({ activeStreams: 20, ownStreams: 20 }), beat * 1000)
    const request = fakeRequest({ tokensIn, ttftSloMs })
    let streams = 0
    for (; streams < 300; streams++) {
      const choice = instance.choose(request, 100_000, [])
      if (choice.kind !== 'replica' || choice.replica !== 0) break
      instance.onDispatch?.(0, request, 0)
    }
    return streams
  }
  expect(limit(1000, 563)).toBeGreaterThan(25)
  expect(limit(12_000, 1261)).toBeLessThan(5)
})

test('litellm cost: a deployment at its parallel limit is passed over; when all are, the least full takes it', () => {
  const instance = litellmCost.create(fakeWorld([priced(1), priced(2)]))
  let first = 0
  while (chosen(instance) === 0 && first < 300) {
    instance.onDispatch?.(0, fakeRequest(), 0)
    first++
  }
  expect(first).toBe(8)
  for (let i = 0; i <= first; i++) instance.onDispatch?.(1, fakeRequest(), 0)
  expect(chosen(instance)).toBe(0)
})

test.for([litellmCost, litellmLatency])('$name: four failures in a minute cool a deployment down for 5 s', (policy) => {
  const instance = policy.create(fakeWorld([priced(1), priced(2)]))
  // One that answers, so that latency has something to prefer the first by.
  instance.onFirstToken?.(1, fakeRequest(), 1000, 0)
  instance.onFirstToken?.(0, fakeRequest(), 100, 0)
  for (let i = 0; i < 6; i++) instance.onEnd?.(0, fakeRequest(), fakeOutcome(), 500)
  for (let i = 0; i < 3; i++) instance.onEnd?.(0, fakeRequest(), failedOutcome, 1000)
  expect(chosen(instance, 1001)).toBe(0)
  instance.onEnd?.(0, fakeRequest(), failedOutcome, 1000)
  expect(chosen(instance, 1001)).toBe(1)
  expect(chosen(instance, 5999)).toBe(1)
  expect(chosen(instance, 6000)).toBe(0)
  instance.onEnd?.(0, fakeRequest(), refusedOutcome, 70_000)
  expect(chosen(instance, 70_001)).toBe(1)
})

test('litellm latency: random within half above the lowest mean of the last ten, not beyond', () => {
  const instance = litellmLatency.create(fakeWorld([{}, {}, {}]))
  for (const [replica, ttftMs] of [100, 149, 151].entries())
    for (let i = 0; i < 10; i++) instance.onFirstToken?.(replica, fakeRequest(), ttftMs, 0)
  const picks = new Set(Array.from({ length: 100 }, () => chosen(instance)))
  expect([...picks].toSorted((a, b) => (a ?? -1) - (b ?? -1))).toEqual([0, 1])
  for (let i = 0; i < 10; i++) instance.onFirstToken?.(2, fakeRequest(), 50, 0)
  expect(new Set(Array.from({ length: 100 }, () => chosen(instance)))).toEqual(new Set([2]))
})

test('llmgateway: twice the price scores 1 × 0.6 ÷ 1.175, and the uptime penalty is as documented', () => {
  const same = { uptime: 100, latencyMs: 1000, tokensPerSecond: 50 }
  const [best, twice] = llmgatewayScores([
    { priceMicroUsd: 100, ...same },
    { priceMicroUsd: 200, ...same },
  ])
  expect(best).toBe(0)
  expect(twice).toBeCloseTo(0.6 / 1.175)
  expect([95, 90, 80, 70, 50].map((uptime) => Number(uptimePenalty(uptime).toFixed(2)))).toEqual([
    0, 0.07, 0.62, 1.73, 5.61,
  ])
})

test('llmgateway keeps to its preferred provider until another is clearly better', () => {
  const instance = llmgateway.create(fakeWorld([priced(1), priced(1.1)]))
  expect(Array.from({ length: 200 }, () => chosen(instance)).filter((replica) => replica === 0).length).toBeGreaterThan(
    190,
  )
  for (let i = 0; i < 50; i++) instance.onEnd?.(0, fakeRequest(), failedOutcome, 1500)
  expect(
    Array.from({ length: 50 }, () => chosen(instance, 3000)).filter((replica) => replica === 1).length,
  ).toBeGreaterThan(45)
})

test('livepeer: twice the lowest price gets 1/e of the price share', () => {
  const [low = 0, high = 0] = livepeerProbabilities([1, 2])
  expect(low + high).toBeCloseTo(1)
  expect((high - 0.15) / (low - 0.15)).toBeCloseTo(Math.exp(-1))
})

test('openrouter: a little behind costs little, far behind leaves exploration only', () => {
  expect(shareWeight(0.03)).toBeGreaterThan(0.98)
  expect(shareWeight(0.2)).toBeCloseTo(0.5, 2)
  expect(shareWeight(0.8)).toBeLessThan(0.01)
  expect(shareWeight(Infinity)).toBeGreaterThan(0)
})

test('openrouter: errors far above those of the peers pause an endpoint until they fade', () => {
  const instance = openrouter.create(fakeWorld([priced(1), priced(1), priced(1)]))
  for (let i = 0; i < 12; i++) instance.onEnd?.(0, fakeRequest(), failedOutcome, 1000)
  expect(Array.from({ length: 300 }, () => chosen(instance, 2000))).not.toContain(0)
  expect(Array.from({ length: 300 }, () => chosen(instance, 400_000))).toContain(0)
})

test('openrouter: the learned traffic cap moves the excess elsewhere', () => {
  const instance = openrouter.create(fakeWorld([priced(1), priced(3)]))
  for (let i = 0; i < 5; i++) instance.onDispatch?.(0, fakeRequest(), 0)
  instance.onEnd?.(0, fakeRequest(), refusedOutcome, 1000)
  const picks = Array.from({ length: 200 }, () => chosen(instance, 1500))
  expect(picks.filter((replica) => replica === 1).length).toBeGreaterThan(190)
})
