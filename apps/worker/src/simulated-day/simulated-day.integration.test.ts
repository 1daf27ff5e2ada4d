/**
 * Money is conserved through a day of crashes, reorganisations and lost answers, every claim settles once, and a seed
 * replays it. Longer days, and this one again: npm run test:day -- --seed N --steps M.
 */
import { startTestStack, type TestStack } from '@isochrone/local-stack'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { runDay } from './run-day.ts'

const SEED = 200
const STEPS = 40

const stacks: TestStack[] = []
beforeAll(async () => {
  for (let i = 0; i < 2; i++) stacks.push(await startTestStack({ postgres: true, chain: 'still' }))
})
afterAll(() => Promise.all(stacks.map((stack) => stack.stop())))

/** The two runs disturb one another's timing, and nothing else. */
test(`a simulated day (seed ${SEED}): money conserved after every step, every claim settled once, the same run twice`, async () => {
  const [day, again] = await Promise.all(stacks.map((stack) => runDay(stack, { seed: SEED, steps: STEPS })))
  expect(day?.crashes).toBeGreaterThan(0)
  expect(day?.reorgs).toBeGreaterThan(0)
  expect(day?.signedMicroUsd).toBeGreaterThan(0n)
  expect(again).toEqual(day)
}, 240_000)
