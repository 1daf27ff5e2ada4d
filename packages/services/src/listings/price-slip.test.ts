import { expect, test } from 'vitest'
import { medianOf, priceSlip } from './price-slip.ts'

const prices = {
  inMicroUsdPerMtok: '100000',
  cachedMicroUsdPerMtok: '20000',
  outMicroUsdPerMtok: '400000',
  gpuHourMicroUsd: '2000000',
}
const market = {
  inMicroUsdPerMtok: [90_000n, 100_000n, 160_000n],
  cachedMicroUsdPerMtok: [20_000n],
  outMicroUsdPerMtok: [300_000n, 400_000n, 900_000n],
  gpuHourMicroUsd: [],
}

/** Money: a point in the wrong place is asked about before it costs anybody anything. */
test('a price ten times off the middle of the market is asked about, with both figures', () => {
  expect(priceSlip(prices, market)).toBeNull()
  expect(priceSlip({ ...prices, outMicroUsdPerMtok: '40000000' }, market)).toEqual({
    field: 'outMicroUsdPerMtok',
    question: 'The output price of $40.00 is 100 times above the middle of the market, $0.40. Is that what you mean?',
  })
  // Who says yes has been asked about every one of them.
  const both = { ...prices, inMicroUsdPerMtok: '1000000', outMicroUsdPerMtok: '4000000' }
  expect(priceSlip(both, market)).toEqual({
    field: 'inMicroUsdPerMtok',
    question:
      'The input price of $1.00 is 10 times above the middle of the market, $0.10. The output price of $4.00 is 10 times above the middle of the market, $0.40. Is that what you mean?',
  })
  expect(priceSlip({ ...prices, inMicroUsdPerMtok: '1000' }, market)?.question).toContain('100 times below')
  expect(priceSlip({ ...prices, inMicroUsdPerMtok: '0' }, market)).toBeNull()
  expect(priceSlip({ ...prices, gpuHourMicroUsd: '99999999999' }, market)).toBeNull()
  expect(medianOf([])).toBeNull()
})
