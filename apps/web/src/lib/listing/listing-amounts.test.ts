import fc from 'fast-check'
import { expect, test } from 'vitest'
import { amountText, readAmount } from './listing-amounts.ts'

const msAsUs = { decimals: 3, unitsMax: 60_000_000, storedIn: 'whole microseconds' }
const percent = { decimals: 2, unitsMax: 10_000, storedIn: 'hundredths of a percent' }
const whole = { decimals: 0, unitsMax: 4_096, storedIn: 'whole attempts' }

/** Terms are signed: what is stored is what was typed, and what cannot be stored is refused. */
test('an amount is stored exactly, and read back as it was typed', () => {
  expect(readAmount('50', msAsUs)).toEqual({ units: 50_000, error: null })
  expect(readAmount(' 0.05 ', msAsUs).units).toBe(50)
  expect(readAmount('33.333', msAsUs).units).toBe(33_333)
  expect(readAmount('0.29', percent).units).toBe(29)
  expect(readAmount('10.50', percent).units).toBe(1_050)
  expect(readAmount('', percent).units).toBe(0)
  expect([amountText(50, 3), amountText(60_000, 3), amountText(0, 2), amountText(1_050, 2)]).toEqual([
    '0.05',
    '60',
    '0',
    '10.5',
  ])
  expect([amountText(10, 0), amountText(100, 2)]).toEqual(['10', '1'])
  fc.assert(
    fc.property(fc.nat(60_000_000), (units) => {
      expect(readAmount(amountText(units, 3), msAsUs).units).toBe(units)
    }),
  )
})

test('more decimals than can be stored are refused in a sentence, and so is what is no amount', () => {
  expect(readAmount('0.0005', msAsUs)).toEqual({
    units: null,
    error: 'At most 3 decimals: it is stored in whole microseconds.',
  })
  expect(readAmount('0.5000', msAsUs).units).toBe(500)
  expect(readAmount('1.005', percent).error).toBe('At most 2 decimals: it is stored in hundredths of a percent.')
  expect(readAmount('1.5', whole).error).toBe('A whole number: it is stored in whole attempts.')
  expect(readAmount('100.01', percent).error).toBe('At most 100.')
  expect(readAmount('4097', whole).error).toBe('At most 4096.')
  for (const text of ['-1', '1,5', '1e3', 'ten', '.5', '0x10', '1 000']) {
    expect(readAmount(text, msAsUs), text).toEqual({ units: null, error: expect.stringContaining('0 or more') })
  }
})
