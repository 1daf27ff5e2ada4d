import { expect, test } from 'vitest'
import { firstPrices, yardsticksOf } from './price-yardstick.ts'

const offer = (model: string, gpuClass: string, out: bigint, gpuHour = 0n) => ({
  models: [model],
  gpuClass,
  prices: {
    inMicroUsdPerMtok: out / 4n,
    cachedMicroUsdPerMtok: out / 8n,
    outMicroUsdPerMtok: out,
    gpuHourMicroUsd: gpuHour,
  },
})
const like = { models: ['tiny'], gpuClass: 'CPU' }
const large = offer('large', 'H200', 8_000_000n, 3_000_000n)
const out = (others: (typeof large)[], own: (typeof large)[] = []) =>
  yardsticksOf({ like, others, own }).outMicroUsdPerMtok

/** Money: somebody is always asked about a slip, whoever lists first included. */
test('a price is held against offers like it, else all offers, else the provider’s other nodes, else what is usual', () => {
  const own = [offer('mine', 'H200', 700_000n)]
  expect(out([large, offer('tiny', 'CPU', 400_000n)], own)).toEqual({ basis: 'like', middle: 400_000n })
  expect(out([large], own)).toEqual({ basis: 'all', middle: 8_000_000n })
  expect(out([], own)).toEqual({ basis: 'own', middle: 700_000n })
  expect(out([])).toEqual({ basis: 'usual', middle: BigInt(firstPrices.outMicroUsdPerMtok) })
})

test('an offer that asks nothing says nothing of a magnitude', () => {
  expect(out([offer('tiny', 'CPU', 0n), large])).toEqual({ basis: 'all', middle: 8_000_000n })
  expect(out([offer('tiny', 'CPU', 0n)], [offer('mine', 'CPU', 0n)]).basis).toBe('usual')
  expect(out([offer('tiny', 'CPU', 0n), offer('tiny', 'CPU', 500_000n)])).toEqual({ basis: 'like', middle: 500_000n })
})

test('the hour of a CPU is held against that of a CPU', () => {
  const hour = (gpuClass: string | null) =>
    yardsticksOf({ like: gpuClass === null ? null : { models: [], gpuClass }, others: [], own: [] }).gpuHourMicroUsd
  expect([hour('CPU').middle, hour('H200').middle, hour(null).middle]).toEqual([100_000n, 2_000_000n, 2_000_000n])
})
