import { expect, test } from 'vitest'
import { marketOf } from './market-prices.ts'
import { priceSlip } from './price-slip.ts'
import { yardsticksOf } from './price-yardstick.ts'

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
const tiny = { models: ['tiny'], gpuClass: 'CPU' }
const large = offer('large', 'H200', 8_000_000n, 3_000_000n)

/** A price is a slip beside what is sold like it, not beside what a GPU server asks for another model. */
test('a node is compared with its model on its class, else with its model, else with its class, and with nothing else', () => {
  const own = offer('tiny', 'CPU', 400_000n)
  const market = marketOf(
    [large, offer('tiny', 'H200', 900_000n), own, offer('other', 'CPU', 100_000n, 120_000n)],
    tiny,
  )
  expect(market.outMicroUsdPerMtok).toEqual({ basis: 'model_and_class', values: [400_000n] })
  // Field by field: of its model nobody rents a machine out, of its class somebody does.
  expect(market.gpuHourMicroUsd).toEqual({ basis: 'class', values: [120_000n] })
  expect(marketOf([large, offer('tiny', 'H200', 900_000n)], tiny).outMicroUsdPerMtok.basis).toBe('model')
  expect(marketOf([large, offer('other', 'CPU', 100_000n)], tiny).outMicroUsdPerMtok.basis).toBe('class')
  expect(marketOf([large], tiny).outMicroUsdPerMtok).toEqual({ basis: 'nobody', values: [] })
})

test('before its agent has joined it is compared with all there are, in ascending order', () => {
  expect(marketOf([large, offer('tiny', 'CPU', 400_000n)], null).outMicroUsdPerMtok).toEqual({
    basis: 'all',
    values: [400_000n, 8_000_000n],
  })
})

/** The first of its kind is asked once, told that nothing on the market is like it; the second is not. */
test('a small model at a small model’s price is no slip where somebody else sells one', () => {
  const prices = {
    inMicroUsdPerMtok: '100000',
    cachedMicroUsdPerMtok: '50000',
    outMicroUsdPerMtok: '400000',
    gpuHourMicroUsd: '120000',
  }
  const slip = (others: (typeof large)[], like: typeof tiny | null) =>
    priceSlip(prices, yardsticksOf({ like, others, own: [] }))
  expect(slip([large, large], null)).not.toBeNull()
  expect(slip([large, large, offer('tiny', 'CPU', 500_000n, 100_000n)], tiny)).toBeNull()
  expect(slip([large, large], tiny)?.question).toContain(
    'The output price of $0.40 is 20 times below the middle of all offers, $8.00 (nobody offers what is like it).',
  )
})
