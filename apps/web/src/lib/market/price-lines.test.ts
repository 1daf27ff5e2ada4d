import { priceMicroUsd } from '@isochrone/domain'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { formatNanoMicroUsd, priceLines } from './price-lines.ts'

const count = fc.nat({ max: 4_294_967_295 })
const price = fc.nat({ max: 10_000_000_000 })

/** What a page shows as the way to a price leads to the price that was charged. */
test('the lines add up to the price that the gateway charges', () => {
  fc.assert(
    fc.property(fc.tuple(count, count, count, count, count), fc.tuple(price, price, price, price, price), (c, p) => {
      const [billedIn, billedCached, billedOut, bytesIn, bytesOut] = c
      const [inPerMtok, cachedPerMtok, outPerMtok, inPerGb, outPerGb] = p
      const { microUsd } = priceLines(
        { billedIn, billedCached, billedOut, bytesIn, bytesOut },
        { inPerMtok, cachedPerMtok, outPerMtok, inPerGb, outPerGb },
      )
      const expected = priceMicroUsd(
        { tokensIn: billedIn, tokensCached: billedCached, tokensOut: billedOut, bytesIn, bytesOut },
        {
          inMicroUsdPerMtok: BigInt(inPerMtok),
          cachedMicroUsdPerMtok: BigInt(cachedPerMtok),
          outMicroUsdPerMtok: BigInt(outPerMtok),
          inMicroUsdPerGb: BigInt(inPerGb),
          outMicroUsdPerGb: BigInt(outPerGb),
        },
      )
      expect(microUsd).toBe(expected)
    }),
  )
})

test('a line keeps every digit that it has', () => {
  expect([0n, 4_100_000_000n, 24_310n, 1_234_000_000_000n].map(formatNanoMicroUsd)).toEqual([
    '0',
    '4.1',
    '0.00002431',
    '1,234',
  ])
})
