import { expect, test } from 'vitest'
import { upTimeMs } from './up-time.ts'

const faults = {
  outages: [
    { replica: 0, fromMs: 100, toMs: 200 },
    { replica: 0, fromMs: 150, toMs: 260 },
    { replica: 1, fromMs: 0, toMs: 1_000 },
  ],
  slowWindows: [
    { replica: 0, fromMs: 240, toMs: 340, factor: 2 },
    { replica: 0, fromMs: 340, toMs: 350, factor: 5 },
  ],
}

test('what is up counts whole, what is slow by its factor, what is down not at all', () => {
  expect(upTimeMs(faults, 0, 0, 1_000)).toBeCloseTo(1_000 - 160 - 90 + 80 / 2 + 10 / 5, 9)
  expect(upTimeMs(faults, 0, 300, 320)).toBe(10)
  expect(upTimeMs(faults, 0, 120, 250)).toBe(0)
  expect(upTimeMs(faults, 1, 0, 2_000)).toBe(1_000)
  expect(upTimeMs(faults, 2, 0, 2_000)).toBe(2_000)
})

test('slow windows of one replica that overlap are refused: what ends one ends both', () => {
  const overlapping = {
    outages: [],
    slowWindows: [...faults.slowWindows, { replica: 0, fromMs: 345, toMs: 400, factor: 2 }],
  }
  expect(() => upTimeMs(overlapping, 0, 0, 1_000)).toThrow(/do not overlap/)
})
