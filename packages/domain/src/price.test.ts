import fc from 'fast-check'
import { expect, test } from 'vitest'
import { maxPriceMicroUsd, priceMicroUsd } from './price.ts'

const count = fc.integer({ min: 0, max: 2 ** 31 })
const price = fc.bigInt({ min: 0n, max: 10n ** 10n })
const prices = fc.record({
  inMicroUsdPerMtok: price,
  cachedMicroUsdPerMtok: price,
  outMicroUsdPerMtok: price,
  inMicroUsdPerGb: price,
  outMicroUsdPerGb: price,
})
const usage = fc.record({ tokensIn: count, tokensCached: count, tokensOut: count, bytesIn: count, bytesOut: count })

test('the price is the exact rational rounded up once', () => {
  fc.assert(
    fc.property(usage, prices, (u, p) => {
      const exact9 =
        (BigInt(u.tokensIn) * p.inMicroUsdPerMtok +
          BigInt(u.tokensCached) * p.cachedMicroUsdPerMtok +
          BigInt(u.tokensOut) * p.outMicroUsdPerMtok) *
          1000n +
        BigInt(u.bytesIn) * p.inMicroUsdPerGb +
        BigInt(u.bytesOut) * p.outMicroUsdPerGb
      const got = priceMicroUsd(u, p)
      expect(got * 10n ** 9n >= exact9 && (got - 1n) * 10n ** 9n < exact9).toBe(true)
    }),
  )
})

test('one million tokens cost exactly the listed price', () => {
  const p = {
    inMicroUsdPerMtok: 250_000n,
    cachedMicroUsdPerMtok: 50_000n,
    outMicroUsdPerMtok: 1_000_000n,
    inMicroUsdPerGb: 0n,
    outMicroUsdPerGb: 0n,
  }
  expect(priceMicroUsd({ tokensIn: 1_000_000, tokensCached: 0, tokensOut: 0, bytesIn: 0, bytesOut: 0 }, p)).toBe(
    250_000n,
  )
  expect(priceMicroUsd({ tokensIn: 0, tokensCached: 0, tokensOut: 1, bytesIn: 0, bytesOut: 0 }, p)).toBe(1n)
})

/** Overspend is impossible only if what is reserved covers whatever is billed. */
test('a reservation at worst case covers every usage within its limits', () => {
  fc.assert(
    fc.property(usage, prices, fc.double({ min: 0, max: 1, noNaN: true }), (u, p, share) => {
      const reserved = maxPriceMicroUsd(
        { tokensInMax: u.tokensIn, tokensOutMax: u.tokensOut, bytesIn: u.bytesIn, bytesOutMax: u.bytesOut },
        p,
      )
      const cached = Math.floor(u.tokensIn * share)
      expect(priceMicroUsd({ ...u, tokensIn: u.tokensIn - cached, tokensCached: cached }, p) <= reserved).toBe(true)
    }),
  )
})

test('a count that is not a whole number stops instead of billing', () => {
  const p = {
    inMicroUsdPerMtok: 1n,
    cachedMicroUsdPerMtok: 1n,
    outMicroUsdPerMtok: 1n,
    inMicroUsdPerGb: 1n,
    outMicroUsdPerGb: 1n,
  }
  for (const tokensOut of [-1, 0.5, Number.NaN, Number.POSITIVE_INFINITY]) {
    expect(() => priceMicroUsd({ tokensIn: 0, tokensCached: 0, tokensOut, bytesIn: 0, bytesOut: 0 }, p)).toThrow(
      'tokensOut',
    )
  }
})
