import { expect, test } from 'vitest'
import { spentShare } from './spent-share.ts'

test('a bar shows the least that was spent, and is full only when nothing is left', () => {
  expect(spentShare(0n, 10n)).toBe(0)
  expect(spentShare(1n, 1_000_000_000n)).toBe(1)
  expect(spentShare(333n, 1_000n)).toBe(33.3)
  expect(spentShare(999_999n, 1_000_000n)).toBe(99)
  expect(spentShare(10n, 10n)).toBe(100)
  // The budget was lowered below what was spent.
  expect(spentShare(20n, 10n)).toBe(100)
})
