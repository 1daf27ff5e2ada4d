import { expect, test } from 'vitest'
import { memoryVerdict, slopePerMinute } from './slope.ts'

test('a steady growth is found under noise, and flat memory has none', () => {
  const points = (growth: number) =>
    Array.from({ length: 600 }, (_, i) => [i * 1_000, 200 + (i / 60) * growth + (i % 7)] as const)
  expect(slopePerMinute(points(5))).toBeCloseTo(5, 1)
  expect(slopePerMinute(points(0))).toBeCloseTo(0, 1)
  expect(slopePerMinute([[1, 1]])).toBe(0)
})

test('memory that grows by more than 2 MiB a minute in either process is called so, where the run was long enough', () => {
  expect(memoryVerdict(10, [2, -3])).toBe('flat')
  expect(memoryVerdict(10, [0.1, 2.1])).toBe('grows')
  expect(memoryVerdict(10, [Number.NaN, 0])).toBe('grows')
  expect(memoryVerdict(1, [40, 40])).toBe('too short to say')
})
