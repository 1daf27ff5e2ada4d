import { expect, test } from 'vitest'
import { KeySpend } from './key-spend.ts'

/** A budget of a day begins anew at midnight of UTC, and receipts of the day before may still come after it. */
test('what a key has spent counts in the day, the month and the life that it was asked in', () => {
  const spend = new KeySpend()
  const midnightMs = Date.UTC(2026, 11, 1)
  for (const atMs of [midnightMs - 1, midnightMs, midnightMs - 86_400_000, midnightMs + 86_399_999, midnightMs - 1]) {
    spend.add('key_a', atMs, 10n)
  }
  spend.add('key_b', midnightMs, 1n)
  expect(spend.of('key_a:2026-11-29')).toBe(0n)
  expect(spend.of('key_a:2026-11-30')).toBe(30n)
  expect(spend.of('key_a:2026-12-01')).toBe(20n)
  expect(spend.of('key_a:2026-11')).toBe(30n)
  expect(spend.of('key_a:2026-12')).toBe(20n)
  expect(spend.of('key_a:total')).toBe(50n)
  expect(spend.of('key_b:2026-12-01')).toBe(1n)
  expect(() => new KeySpend().add('key_a', Number.NaN, 1n)).toThrow('milliseconds')
})
