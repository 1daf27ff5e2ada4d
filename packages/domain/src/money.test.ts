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
