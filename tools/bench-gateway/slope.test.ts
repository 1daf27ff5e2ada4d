import { expect, test } from 'vitest'
import { slopePerMinute } from './slope.ts'

test('a steady growth is found under noise, and flat memory has none', () => {
  const points = (growth: number) =>
    Array.from({ length: 600 }, (_, i) => [i * 1_000, 200 + (i / 60) * growth + (i % 7)] as const)
  expect(slopePerMinute(points(5))).toBeCloseTo(5, 1)
  expect(slopePerMinute(points(0))).toBeCloseTo(0, 1)
  expect(slopePerMinute([[1, 1]])).toBe(0)
})
