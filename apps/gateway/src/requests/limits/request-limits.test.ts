import { manualClock } from '@isochrone/domain'
import { expect, test } from 'vitest'
import { atOnceOf, createRequestLimits } from './request-limits.ts'

const organisation = {
  kind: 'organisation' as const,
  orgId: 'org_1',
  name: '',
  channelId: null,
  requestsPerMinuteMax: 60,
  concurrentRequestsMax: 1_000,
  routing: {},
}

test('a minute holds its requests and refills evenly', () => {
  const clock = manualClock()
  const limits = createRequestLimits(clock)
  for (let i = 0; i < 60; i++) limits.enter(organisation).leave()
  expect(() => limits.enter(organisation)).toThrow('try again in 1 s')
  clock.advanceMs(1_000)
  limits.enter(organisation).leave()
  expect(() => limits.enter(organisation)).toThrow('rate_limited')
})

test('requests at once are bounded, and leaving twice counts once', () => {
  const limits = createRequestLimits(manualClock())
  const two = { ...organisation, concurrentRequestsMax: 2 }
  const { leave } = limits.enter(two)
  limits.enter(two)
  expect(() => limits.enter(two)).toThrow('at once')
  leave()
  leave()
  expect(limits.active()).toBe(1)
  limits.enter(two)
  expect(() => limits.enter(two)).toThrow('at once')
})

test('an organisation with a limit of zero is refused everything', () => {
  const limits = createRequestLimits(manualClock())
  expect(() => limits.enter({ ...organisation, requestsPerMinuteMax: 0 })).toThrow('rate_limited')
})

test('of requests at once a gateway has its share, and one at least where there is a limit', () => {
  let share = 0.5
  const limits = createRequestLimits(manualClock(), { shareOf: () => share })
  const four = { ...organisation, concurrentRequestsMax: 4 }
  const [first, second] = [limits.enter(four), limits.enter(four)]
  expect(limits.partInUse(atOnceOf('org_1'))).toBe(0.5)
  expect(() => limits.enter(four)).toThrow('This gateway has 2 of them now')
  share = 0.01
  first.leave()
  expect(() => limits.enter(four)).toThrow('at once')
  second.leave()
  expect(limits.partInUse(atOnceOf('org_1'))).toBe(0)
  limits.enter(four)
  expect(() => limits.enter({ ...four, orgId: 'org_2', concurrentRequestsMax: 0 })).toThrow('at once')
})

test('tokens that nobody named are taken as far as they are left, and no fewer than are needed', () => {
  const clock = manualClock()
  const limits = createRequestLimits(clock)
  const small = { ...organisation, tokensPerMinuteMax: 1_000 }
  const left = () => Number(limits.enter(small).headers()['x-ratelimit-remaining-tokens'])
  // Named, it is more than a minute has, and waits for a whole one.
  limits.enter(small).takeTokens(100)
  expect(() => limits.enter(small).takeTokens(4_106)).toThrow('use 1000 tokens a minute; try again in 6 s')
  const first = limits.enter(small)
  first.takeTokens(4_106, 266)
  expect(left()).toBe(0)
  expect(() => limits.enter(small).takeTokens(4_106, 266)).toThrow('try again in 16 s')
  first.usedTokens(300)
  expect(left()).toBe(600)
  const second = limits.enter(small, { keyId: 'key_1', tokensPerMinuteMax: 300 })
  second.takeTokens(4_106, 266)
  expect(left()).toBe(300)
  // What it used beyond is owed.
  second.usedTokens(700)
  expect(() => limits.enter(small).takeTokens(1)).toThrow('rate_limited')
  clock.advanceMs(60_000)
  limits.enter({ ...organisation, tokensPerMinuteMax: 10_000, orgId: 'org_2' }).takeTokens(4_106, 266)
  expect(left()).toBe(900)
})

test('who is told to come back for more than a minute has is let in then, whatever share this gateway has by then', () => {
  let share = 0.25
  const clock = manualClock()
  const limits = createRequestLimits(clock, { shareOf: () => share })
  const small = { ...organisation, tokensPerMinuteMax: 200 }
  const ask = () => limits.enter(small).takeTokens(130)
  ask()
  // It owes 80 and may hand out 50 a minute now: those have to be there.
  expect(ask).toThrow('try again in 156 s')
  clock.advanceMs(155_000)
  limits.enter(small).headers()
  share = 0.5
  clock.advanceMs(1_000)
  ask()
  // Once: the next one waits for all of the larger share.
  expect(ask).toThrow('try again in 108 s')
})
