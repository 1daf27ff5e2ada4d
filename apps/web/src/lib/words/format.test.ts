import fc from 'fast-check'
import { expect, test } from 'vitest'
import {
  addressOf,
  formatAgo,
  formatCount,
  formatMs,
  formatSeries,
  formatShare,
  formatSpan,
  formatTokens,
  formatTokensPerSecond,
  formatUtc,
  shortHardware,
  shortHash,
} from './format.ts'

test('a duration carries the unit that fits it, and an absent one is not zero', () => {
  expect([4.24, 183.4, 1_840, 125_000, null].map(formatMs)).toEqual(['4.2 ms', '183 ms', '1.84 s', '2 min 5 s', '—'])
  expect(formatTokensPerSecond(null)).toBe('—')
  expect(formatTokensPerSecond(3_312.4)).toBe('3,312')
})

test('a count has the same digits as the platform would give it', () => {
  const platform = new Intl.NumberFormat('en-US')
  const hundredths = fc.integer({ min: -1_000_000_000, max: 1_000_000_000 }).map((value) => value / 100)
  const numbers = fc.oneof(fc.integer({ min: -1e12, max: 1e12 }), hundredths, fc.bigInt())
  fc.assert(
    fc.property(numbers, (number) => {
      expect(formatCount(number)).toBe(platform.format(number === 0 ? 0 : number))
    }),
    { numRuns: 2_000 },
  )
  expect([0, 999, 1_000, 1_234_567.5, -1_234, 0.12345].map(formatCount)).toEqual([
    '0',
    '999',
    '1,000',
    '1,234,567.5',
    '-1,234',
    '0.123',
  ])
})

test('a span is told in the two largest units that it has', () => {
  const spans = [0, 45_000, 360_000, 3_600_000, 5_400_000, 3_605_000, 90_000_000, 2_592_000_000, null]
  const words = ['0 s', '45 s', '6 min', '1 h', '1 h 30 min', '1 h', '1 d 1 h', '30 d', '—']
  expect(spans.map(formatSpan)).toEqual(words)
})

test('times are in UTC and say so', () => {
  expect(formatUtc(Date.UTC(2026, 0, 31, 23, 59, 59))).toBe('2026-01-31 23:59:59 UTC')
  expect(formatAgo(1_000, 91_000)).toBe('1 min ago')
  expect(formatAgo(41_000, 1_000)).toBe('in 40 s')
})

test('a hash is shortened in the middle, and a node name is its address', () => {
  expect(shortHash(`0x${'ab'.repeat(32)}`)).toBe('0xabab…abab')
  expect(addressOf(`0x${'00'.repeat(12)}${'cd'.repeat(20)}`)).toBe(`0x${'cd'.repeat(20)}`)
})

test('hardware is shown without marks, and keeps what tells it apart', () => {
  expect(shortHardware('Intel(R) Xeon(R) Processor @ 2.50GHz (2 cores)')).toBe('Intel Xeon (2 cores)')
  expect(shortHardware('simulated 8 × NVIDIA H200')).toBe('8 × NVIDIA H200')
})

test('tokens carry the unit that fits, and a share is never rounded to all or nothing', () => {
  expect([812, 45_312, 1_234_567, 2_000_000_000n].map(formatTokens)).toEqual(['812', '45.3 k', '1.23 M', '2 G'])
  expect([0, 1, 0.99999, 0.00001, 0.9912].map(formatShare)).toEqual(['0 %', '100 %', '99.99 %', '0.01 %', '99.12 %'])
  expect(formatSeries('usd_per_mtok', 0.0004)).toBe('$0.00040')
  expect(formatSeries('ms', null)).toBe('—')
})
