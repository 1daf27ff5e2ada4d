/**
 * Money is conserved through a day of crashes, reorganisations and lost answers, and every claim settles once. Longer days,
 * and this one again: npm run test:day -- --seed N --steps M.
 */
import { startTestStack, type TestStack } from '@isochrone/local-stack'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { runDay } from './run-day.ts'

const SEED = 200
const STEPS = 60

let stack: TestStack
beforeAll(async () => {
  stack = await startTestStack({ postgres: true, chain: true })
})
afterAll(() => stack?.stop())

test(`a simulated day (seed ${SEED}): money conserved after every step, every claim settled exactly once`, async () => {
  const day = await runDay(stack, { seed: SEED, steps: STEPS })
  expect(day.crashes).toBeGreaterThan(0)
  expect(day.reorgs).toBeGreaterThan(0)
  expect(day.signedMicroUsd).toBeGreaterThan(0n)
}, 120_000)
