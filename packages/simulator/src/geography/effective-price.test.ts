import fc from 'fast-check'
import { expect, test } from 'vitest'
import { gpuClasses, workMs } from '../fleet/engine-time.ts'
import { declaredEngine } from '../fleet/engine-time.ts'
import { loadMarket } from '../scenario/load-market.ts'
import { effectiveUsdPerMtok, sloCapacity } from './effective-price.ts'

const market = loadMarket()
const mix = { tokensIn: 1_155, tokensOut: 211 }
const anyClass = fc.constantFrom(...gpuClasses)

test('near by, capacity is the engine time that the TPOT SLO leaves', () => {
  const { requestsPerS, limitedBy } = sloCapacity(market, 'H200', mix, 0)
  expect(limitedBy).toBe('tpot')
  expect(requestsPerS).toBeCloseTo((1_000 * (1 - 9 / 50)) / workMs(declaredEngine('H200'), mix), 9)
})

test('distance never adds capacity, and beyond the TTFT SLO there is none', () => {
  fc.assert(
    fc.property(anyClass, fc.nat(1_000), fc.nat(1_000), (gpuClass, rttMs, moreMs) => {
      const near = sloCapacity(market, gpuClass, mix, rttMs).requestsPerS
      expect(sloCapacity(market, gpuClass, mix, rttMs + moreMs).requestsPerS).toBeLessThanOrEqual(near)
    }),
  )
  expect(sloCapacity(market, 'B300', mix, 573).requestsPerS).toBe(0)
  expect(effectiveUsdPerMtok(market, 'B300', mix, 573, 1)).toBeNull()
})

test('so many prompts queue for prefill chunks as the late share allows, by simulation', () => {
  // M/D/1 at the rate that the bound allows for a customer 250 ms away, on a class that the bound limits there.
  const { requestsPerS, limitedBy } = sloCapacity(market, 'B300', mix, 250)
  expect(limitedBy).toBe('ttft')
  const prefillMs = (mix.tokensIn / market.engine.prefillChunkTokens) * market.slo.tpotMs
  const budgetMs = 573.227 - 250 - prefillMs - market.slo.tpotMs
  let state = 12_345
  const uniform = () => (state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0) / 2 ** 32
  let waitMs = 0
  let late = 0
  const prompts = 200_000
  for (let i = 0; i < prompts; i++) {
    if (waitMs > budgetMs) late += 1
    const gapMs = (-Math.log(1 - uniform()) * 1_000) / requestsPerS
    waitMs = Math.max(0, waitMs + prefillMs - gapMs)
  }
  expect(late / prompts).toBeLessThanOrEqual(0.001)
})

test('price per token is rent over tokens', () => {
  const { tokensPerS } = sloCapacity(market, 'B200', mix, 20)
  expect(effectiveUsdPerMtok(market, 'B200', mix, 20, 5)).toBeCloseTo((5 * 8) / ((tokensPerS * 3_600) / 1e6), 12)
})
