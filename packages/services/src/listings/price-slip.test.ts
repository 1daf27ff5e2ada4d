import { expect, test } from 'vitest'
import { priceSlip } from './price-slip.ts'
import { medianOf, yardsticksOf, type Yardsticks } from './price-yardstick.ts'

const prices = {
  inMicroUsdPerMtok: '100000',
  cachedMicroUsdPerMtok: '20000',
  outMicroUsdPerMtok: '400000',
  gpuHourMicroUsd: '2000000',
}
const yardsticks: Yardsticks = {
  inMicroUsdPerMtok: { basis: 'like', middle: 100_000n },
  cachedMicroUsdPerMtok: { basis: 'like', middle: 20_000n },
  outMicroUsdPerMtok: { basis: 'like', middle: 400_000n },
  gpuHourMicroUsd: { basis: 'usual', middle: 2_000_000n },
}
const asked = (changed: Partial<typeof prices>) => priceSlip({ ...prices, ...changed }, yardsticks)

/** Money: a point in the wrong place is asked about before it costs anybody anything. */
test('a price ten times off the middle of the market is asked about, with both figures', () => {
  expect(asked({})).toBeNull()
  expect(asked({ outMicroUsdPerMtok: '40000000' })).toEqual({
    field: 'outMicroUsdPerMtok',
    question: 'The output price of $40.00 is 100 times above the middle of the market, $0.40. Is that what you mean?',
  })
  // Who says yes has been asked about every one of them.
  expect(asked({ inMicroUsdPerMtok: '1000000', outMicroUsdPerMtok: '4000000' })).toEqual({
    field: 'inMicroUsdPerMtok',
    question:
      'The input price of $1.00 is 10 times above the middle of the market, $0.10. The output price of $4.00 is 10 times above the middle of the market, $0.40. Is that what you mean?',
  })
  expect(asked({ inMicroUsdPerMtok: '1000', cachedMicroUsdPerMtok: '1000' })?.question).toContain('100 times below')
  expect(asked({ inMicroUsdPerMtok: '999999', outMicroUsdPerMtok: '3999999' })).toBeNull()
  expect(asked({ cachedMicroUsdPerMtok: '0', outMicroUsdPerMtok: '0', gpuHourMicroUsd: '0' })).toBeNull()
})

/** Who lists first has no market to be held against, and loses as much by a slip. */
test('in an empty market a price is held against what is usual', () => {
  const empty = yardsticksOf({ like: { models: ['new'], gpuClass: 'B900' }, others: [], own: [] })
  expect(priceSlip(prices, empty)).toBeNull()
  expect(priceSlip({ ...prices, gpuHourMicroUsd: '99999999999' }, empty)).toEqual({
    field: 'gpuHourMicroUsd',
    question:
      'The price of a GPU-hour of $99,999.999999 is 49999 times above the usual $2.00 (nobody names such a price yet). Is that what you mean?',
  })
  expect(priceSlip({ ...prices, outMicroUsdPerMtok: '40000' }, empty)?.field).toBe('outMicroUsdPerMtok')
})

test('in an empty market cached input is held against a fifth of one’s own input', () => {
  const empty = yardsticksOf({ like: { models: ['new'], gpuClass: 'CPU' }, others: [], own: [] })
  const cached = (inMicroUsdPerMtok: string, cachedMicroUsdPerMtok: string) =>
    priceSlip({ ...prices, gpuHourMicroUsd: '0', inMicroUsdPerMtok, cachedMicroUsdPerMtok }, empty)?.question
  expect(cached('500000', '250000')).toBeUndefined()
  expect(cached('500000', '10001')).toBeUndefined()
  expect(cached('500000', '10000')).toContain('$0.01 is 10 times below the usual $0.10 (nobody names such a price yet)')
  // Free input says nothing of it.
  expect(cached('0', '200000')).toContain('is 10 times above the usual $0.02')
})

test('prices that contradict each other are asked about', () => {
  expect(asked({ cachedMicroUsdPerMtok: '100001' })).toEqual({
    field: 'cachedMicroUsdPerMtok',
    question: 'The cached input price of $0.100001 is above the input price of $0.10. Is that what you mean?',
  })
  expect(asked({ cachedMicroUsdPerMtok: '100000' })).toBeNull()
  expect(asked({ inMicroUsdPerMtok: '900000', outMicroUsdPerMtok: '90000' })).toEqual({
    field: 'outMicroUsdPerMtok',
    question: 'The output price of $0.09 is 10 times below the input price of $0.90. Is that what you mean?',
  })
  expect(asked({ inMicroUsdPerMtok: '900000', outMicroUsdPerMtok: '90001' })).toBeNull()
})

test('the middle of two prices is the lower one, and of none there is none', () => {
  expect([medianOf([3n, 1n]), medianOf([5n, 1n, 3n]), medianOf([])]).toEqual([1n, 3n, null])
})
