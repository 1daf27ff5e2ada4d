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
  for (const noTimeMs of [Number.NaN, -1]) {
    expect(() => new KeySpend().add('key_a', noTimeMs, 1n)).toThrow('milliseconds')
  }
})

const DAY_MS = 86_400_000

/** A receipt of an earlier process may come within seven days: until then its period is counted. */
test('a period is remembered for eight days after its end, and a key for 62 after its last use', () => {
  const spend = new KeySpend()
  const firstMs = Date.UTC(2026, 10, 30, 12)
  spend.add('key_a', firstMs, 10n)
  spend.add('key_a', firstMs - 1, 5n)
  const endMs = Date.UTC(2026, 11, 1)
  const known = (nowMs: number) => spend.record(nowMs).map(([keyId, lastMs, spent]) => [keyId, lastMs, ...spent.flat()])
  const whole = ['key_a', firstMs, '2026-11-30', '15', '2026-11', '15', 'total', '15']
  expect(known(endMs + 8 * DAY_MS)).toEqual([whole])
  expect(known(endMs + 8 * DAY_MS + 1)).toEqual([['key_a', firstMs, 'total', '15']])
  expect(spend.of('key_a:2026-11')).toBe(0n)
  expect(known(firstMs + 62 * DAY_MS)).toEqual([['key_a', firstMs, 'total', '15']])
  expect(known(firstMs + 62 * DAY_MS + 1)).toEqual([])
  expect(spend.of('key_a:total')).toBe(0n)
})

test('what is restored is what was recorded, and nothing beside it', () => {
  const atMs = Date.UTC(2026, 10, 30)
  const before = new KeySpend()
  before.add('key_a', atMs, 2n ** 60n)
  const after = new KeySpend()
  after.add('key_b', atMs, 1n)
  after.restore(before.record(atMs))
  expect(after.record(atMs)).toEqual(before.record(atMs))
  expect([after.of('key_a:2026-11-30'), after.of('key_b:total')]).toEqual([2n ** 60n, 0n])
})
