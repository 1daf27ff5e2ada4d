import fc from 'fast-check'
import { expect, test } from 'vitest'
import { formatUsd, microUsdFromUsd, usdFromMicroUsd } from './money.ts'

const amount = fc.bigInt({ min: 0n, max: 10n ** 18n })

test('text and money convert back and forth without losing a micro-dollar', () => {
  fc.assert(fc.property(amount, (microUsd) => microUsdFromUsd(usdFromMicroUsd(microUsd)) === microUsd))
})

test('a charge is never shown as zero', () => {
  fc.assert(
    fc.property(
      amount.filter((a) => a > 0n),
      (microUsd) => /[1-9]/.test(formatUsd(microUsd)),
    ),
  )
  expect(formatUsd(1n)).toBe('$0.000001')
  expect([60_000n, 58_000n, 1n].map((price) => formatUsd(price, 3))).toEqual(['$0.060', '$0.058', '$0.000001'])
  expect(formatUsd(1_234_500_000n)).toBe('$1,234.50')
  expect(formatUsd(-5_000_000n)).toBe('−$5.00')
})

test('an amount that is not exact to the micro-dollar is refused, not rounded', () => {
  for (const text of ['', '-1', '1.2345678', '1e3', 'NaN', '1,000', '0x10', '9'.repeat(16)]) {
    expect(() => microUsdFromUsd(text), text).toThrow(RangeError)
  }
})

test('an amount is read with the decimals that it has, and the refusal quotes what was written', () => {
  expect([microUsdFromUsd('12'), microUsdFromUsd(' 12.5\n'), microUsdFromUsd('0.000001')]).toEqual([
    12_000_000n,
    12_500_000n,
    1n,
  ])
  expect(() => microUsdFromUsd('1.2345678')).toThrow('Not an amount in USD with at most six decimals: "1.2345678"')
})

test('zero has no sign, a debt has one, and thousands are separated', () => {
  expect([usdFromMicroUsd(0n), usdFromMicroUsd(-1n), usdFromMicroUsd(-1_500_000n)]).toEqual([
    '0.00',
    '-0.000001',
    '-1.50',
  ])
  expect([formatUsd(0n), formatUsd(-1n)]).toEqual(['$0.00', '−$0.000001'])
  expect([formatUsd(123_000_000n), formatUsd(12_345_000_000n), formatUsd(1_234_567_000_000n)]).toEqual([
    '$123.00',
    '$12,345.00',
    '$1,234,567.00',
  ])
})
