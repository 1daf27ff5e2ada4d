/**
 * Money is conserved through a day of crashes, reorganisations and lost answers, every claim settles once, and a seed
 * replays it; on another chain as well. Longer days, and these again: npm run test:day -- --seed N --steps M [--chain other].
 */
import { startTestStack, type TestStack } from '@isochrone/local-stack'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { dayChains } from './day-chain.ts'
import { runDay } from './run-day.ts'

const SEED = 200
const STEPS = 12
const OTHER_STEPS = 6

/** A day in which nobody did one of these would prove nothing of it. */
const happens = [
  'disputes',
  'correctedRecords',
  'recounts',
  'outsideClaims',
  'setAsideReturns',
  'pauses',
  'topUps',
  'withdrawals',
  'withdrawalsMet',
] as const
type Happens = (typeof happens)[number]
const allHappen = Object.fromEntries(happens.map((name) => [name, true]))

const stacks: TestStack[] = []
beforeAll(async () => {
  for (const { chainId } of [dayChains.development, dayChains.development, dayChains.other]) {
    stacks.push(await startTestStack({ postgres: true, chain: { isStill: true, chainId } }))
  }
})
afterAll(() => Promise.all(stacks.map((stack) => stack.stop())))

/** The runs disturb one another's timing, and nothing else. */
test(`a simulated day (seed ${SEED}): money conserved after every step, every claim settled once, the same run twice`, async () => {
  const [first, second, third] = stacks as [TestStack, TestStack, TestStack]
  const [day, again, elsewhere] = await Promise.all([
    runDay(first, { seed: SEED, steps: STEPS }),
    runDay(second, { seed: SEED, steps: STEPS }),
    runDay(third, { seed: SEED, steps: OTHER_STEPS, chainName: 'other' }),
  ])
  for (const each of [day, elsewhere]) {
    expect(each.crashes).toBeGreaterThan(0)
    expect(each.crashesAfterChainCalls).toBeGreaterThan(0)
    expect(each.checksAfterCrashes).toBe(each.crashes)
    expect(each.lostAnswers).toBeGreaterThan(0)
    expect(each.timeouts).toBeGreaterThanOrEqual(each.lostAnswers)
    expect(each.takenByDeepest).toBeGreaterThan(0)
    expect(each.looks).toBe(each.lostAnswers + each.reorgs)
  }
  const both = (name: Happens) => day[name] + elsewhere[name]
  expect(Object.fromEntries(happens.map((name) => [name, both(name) > 0]))).toEqual(allHappen)
  expect(day.signedMicroUsd).toBeGreaterThan(0n)
  expect(again).toEqual(day)
  expect(elsewhere.signedMicroUsd).toBeGreaterThan(0n)
  expect(elsewhere.traceHash).not.toBe(day.traceHash)
}, 1_800_000)
