import { expect, test } from 'vitest'
import { createReplicaEstimator } from './replica-estimator.ts'

const ok = { failed: false, tokensIn: 100, tokensOut: 11, concurrency: 1, engineTtftMs: 20, durationMs: 120 }

test('the estimate converges to an engine that follows its own law', () => {
  const estimator = createReplicaEstimator()
  for (let i = 0; i < 400; i++) {
    const tokensIn = 100 + (i % 10) * 300
    const concurrency = 1 + (i % 8)
    const engineTtftMs = 30 + 0.2 * tokensIn
    estimator.observe(
      {
        failed: false,
        tokensIn,
        concurrency,
        engineTtftMs,
        tokensOut: 101,
        durationMs: engineTtftMs + 100 * (9 + 0.5 * concurrency),
      },
      i,
    )
  }
  const estimate = estimator.estimate()
  expect(estimate.prefillMsPerToken).toBeCloseTo(0.2, 2)
  expect(estimate.baseMs).toBeCloseTo(30, 0)
  expect(estimate.tpotMs).toBeCloseTo(9, 0)
  expect(estimate.tpotMsPerStream).toBeCloseTo(0.5, 1)
})

test('the breaker opens after five failures in a row, longer each time, and closes on a success', () => {
  const estimator = createReplicaEstimator()
  for (let i = 0; i < 4; i++) estimator.observe({ ...ok, failed: true }, 1_000)
  expect(estimator.breakerOpenUntilMs()).toBe(0)
  estimator.observe({ ...ok, failed: true }, 1_000)
  expect(estimator.breakerOpenUntilMs()).toBe(2_000)
  for (let i = 0; i < 20; i++) estimator.observe({ ...ok, failed: true }, 1_000)
  expect(estimator.breakerOpenUntilMs()).toBe(31_000)
  estimator.observe(ok, 5_000)
  expect(estimator.breakerOpenUntilMs()).toBe(0)
})

test('broken measurements leave the estimate usable', () => {
  const estimator = createReplicaEstimator()
  for (const bad of [Number.NaN, Number.POSITIVE_INFINITY, -5]) {
    estimator.observe({ ...ok, engineTtftMs: bad, durationMs: bad }, 0)
  }
  for (const value of Object.values(estimator.estimate())) expect(Number.isFinite(value)).toBe(true)
})
