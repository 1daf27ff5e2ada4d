import fc from 'fast-check'
import { expect, test } from 'vitest'
import { curveOf, perfCurves, prefillMs, tpotMs, unloadedTtftMs } from './index.ts'

const anyCurve = fc.constantFrom(...perfCurves)
const count = fc.nat({ max: 200_000 })

/** The simulated engine is only worth its label when it reproduces the published fit. */
test('H200x8 fp8 predicts the fitted numbers', () => {
  const curve = curveOf('H200', 8, 'fp8')
  expect(tpotMs(curve, 16, 2048)).toBeCloseTo(9 + 0.34 * 16 + 4.3e-5 * 16 * 2048, 9)
  expect(prefillMs(curve, 1000)).toBeCloseTo(31.7, 9)
  expect(unloadedTtftMs(curve, 1000)).toBeCloseTo(31.7 + 9 + 0.34 + 0.043, 9)
})

test('more load never predicts a faster engine', () => {
  fc.assert(
    fc.property(anyCurve, count, count, count, (curve, concurrency, contextTokens, extra) => {
      const now = tpotMs(curve, concurrency, contextTokens)
      expect(tpotMs(curve, concurrency + extra, contextTokens)).toBeGreaterThanOrEqual(now)
      expect(tpotMs(curve, concurrency, contextTokens + extra)).toBeGreaterThanOrEqual(now)
      expect(prefillMs(curve, contextTokens + extra)).toBeGreaterThanOrEqual(prefillMs(curve, contextTokens))
    }),
  )
})

test('newer hardware is faster at every load, as measured', () => {
  fc.assert(
    fc.property(count, count, (concurrency, contextTokens) => {
      const [h200, b200, b300] = (['H200', 'B200', 'B300'] as const).map((gpu) =>
        tpotMs(curveOf(gpu, 8, 'fp8'), concurrency, contextTokens),
      ) as [number, number, number]
      expect(b200).toBeLessThan(h200)
      expect(b300).toBeLessThan(b200)
    }),
  )
})

test('hardware that was never measured has no curve', () => {
  expect(() => curveOf('H200', 4, 'fp8')).toThrow(/no measured curve for H200x4 fp8; known: H200x8 fp8/)
})

test('a negative or non-finite load is a programmer error', () => {
  const curve = curveOf('B200', 8, 'fp8')
  expect(() => tpotMs(curve, -1, 0)).toThrow(RangeError)
  expect(() => prefillMs(curve, Number.NaN)).toThrow(RangeError)
})

test('every curve names its source', () => {
  for (const curve of perfCurves) expect(curve.source).toContain('SemiAnalysis')
})
