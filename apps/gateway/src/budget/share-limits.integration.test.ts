/** Rate limits over several gateways on the real Redis: the bound that is stated, and a limit that can be used. */
import { afterAll, beforeAll, expect, test } from 'vitest'
import { manualClock } from '@isochrone/domain'
import { startTestStack, type TestStack } from '@isochrone/local-stack'
import { redisKeys } from '@isochrone/protocol'
import { Redis } from 'ioredis'
import { createRequestLimits } from '../requests/limits/request-limits.ts'
import { createLimitShares } from './share-limits.ts'

let stack: TestStack
let redis: Redis
beforeAll(async () => {
  stack = await startTestStack({ redis: true })
  redis = new Redis(stack.redisUrl)
})
afterAll(async () => {
  redis.disconnect()
  await stack.stop()
})

function gatewaysOf(count: number) {
  const clock = manualClock()
  const gateways = Array.from({ length: count }, (_, index) => {
    const partInUse = (id: string): number => limits.partInUse(id)
    const shares = createLimitShares({ redis, lane: `lane-${index}`, gateways: () => count, partInUse })
    const limits = createRequestLimits(clock, { shareOf: shares.shareOf })
    return { shares, limits }
  })
  return { clock, gateways }
}

const organisation = (orgId: string, requestsPerMinuteMax: number) => ({
  orgId,
  requestsPerMinuteMax,
  tokensPerMinuteMax: null,
  concurrentRequestsMax: 1_000_000,
})

type Gateway = ReturnType<typeof gatewaysOf>['gateways'][number]
const admitted = ({ limits }: Gateway, org: ReturnType<typeof organisation>, asked: number): number => {
  let count = 0
  for (let i = 0; i < asked; i++) {
    try {
      limits.enter(org).leave()
      count++
    } catch {
      // Refused: that is counted by what is missing.
    }
  }
  return count
}

test('four gateways, asked without end and joining late, let through at most three minutes in one', async () => {
  const limit = 6_000
  const { clock, gateways } = gatewaysOf(4)
  const org = organisation('org_much', limit)
  let total = 0
  for (let second = 0; second < 60; second++) {
    // One gateway alone at first; then another each ten seconds.
    const serving = gateways.slice(0, 1 + Math.min(3, Math.floor(second / 10)))
    for (const gateway of serving) total += admitted(gateway, org, 150)
    await Promise.all(serving.map(({ shares }) => shares.tick()))
    const leased = Object.values(await redis.hgetall(redisKeys.limitShares('org_much'))).map((text) =>
      Number(text.split(':')[0]),
    )
    expect(leased.reduce((sum, share) => sum + share, 0)).toBeLessThanOrEqual(1.250_01)
    clock.advanceMs(1_000)
  }
  expect(total).toBeLessThanOrEqual(3 * limit)
  // What is left of the limit can be used: the refill alone is a minute's worth.
  expect(total).toBeGreaterThan(0.9 * limit)
})

test('a limit follows where its requests come from', async () => {
  const { clock, gateways } = gatewaysOf(2)
  const org = organisation('org_moves', 600)
  const [first, second] = gateways as [Gateway, Gateway]
  const run = async (busy: Gateway, seconds: number) => {
    let count = 0
    for (let i = 0; i < seconds; i++) {
      count += admitted(busy, org, 20)
      await Promise.all(gateways.map(({ shares }) => shares.tick()))
      clock.advanceMs(1_000)
    }
    return count
  }
  await run(first, 60)
  await run(second, 60)
  // A minute of its own, all of the limit but the small part of whoever was asked before.
  expect(await run(second, 60)).toBeGreaterThanOrEqual(500)
})

test('without Redis the last lease goes on, and one gateway alone has all of a limit', async () => {
  let away = false
  const shares = createLimitShares({
    redis: { eval: (...args) => (away ? Promise.reject(new Error('away')) : redis.eval(...args)) },
    lane: 'lane-a',
    gateways: () => 1,
  })
  expect(shares.shareOf('org_alone')).toBe(1)
  await shares.tick()
  expect(shares.shareOf('org_alone')).toBe(1)
  away = true
  await expect(shares.tick()).rejects.toThrow('away')
  expect(shares.shareOf('org_alone')).toBe(1)
})

/** Requests that take as long as they like: what began by a share that has moved on still runs. */
test('four gateways, asked in turns without end, have at most 1¾ of the requests at once, and one each', async () => {
  const max = 40
  const { clock, gateways } = gatewaysOf(4)
  const org = { ...organisation('org_at_once', 1_000_000), concurrentRequestsMax: max }
  const running: (() => void)[] = []
  let most = 0
  const fill = ({ limits }: Gateway): void => {
    for (let i = 0; i < 2 * max; i++) {
      try {
        running.push(limits.enter(org).leave)
      } catch {
        return
      }
    }
  }
  for (let second = 0; second < 80; second++) {
    const asked = gateways[Math.floor(second / 20)] as Gateway
    fill(asked)
    // All of them for a while, and some that end.
    if (second % 7 === 0) gateways.forEach(fill)
    for (const leave of running.splice(0, second % 3)) leave()
    most = Math.max(most, running.length)
    await Promise.all(gateways.map(({ shares }) => shares.tick()))
    clock.advanceMs(1_000)
  }
  expect(most).toBeGreaterThanOrEqual(max - 4)
  expect(most).toBeLessThanOrEqual(1.75 * max + gateways.length)
  // Nothing runs any more: one that is asked alone has nearly all of it again.
  for (const leave of running.splice(0)) leave()
  const [alone] = gateways as [Gateway]
  for (let second = 0; second < 30; second++) {
    for (const leave of running.splice(0)) leave()
    fill(alone)
    await Promise.all(gateways.map(({ shares }) => shares.tick()))
  }
  expect(running.length).toBeGreaterThanOrEqual(0.7 * max)
})

test('requests that run for long keep their part of a limit, however long nothing new is asked', async () => {
  const { gateways } = gatewaysOf(2)
  const [first, second] = gateways as [Gateway, Gateway]
  const org = { ...organisation('org_long', 1_000_000), concurrentRequestsMax: 20 }
  const tick = () => Promise.all(gateways.map(({ shares }) => shares.tick()))
  const fill = ({ limits }: Gateway): number => {
    let count = 0
    for (; count < 40; count++) {
      try {
        limits.enter(org)
      } catch {
        break
      }
    }
    return count
  }
  let running = 0
  for (let at = 0; at < 5; at++) {
    running += fill(first)
    await tick()
  }
  expect(running).toBeGreaterThanOrEqual(18)
  for (let at = 0; at < 20; at++) await tick()
  let more = 0
  for (let at = 0; at < 5; at++) {
    more += fill(second)
    await tick()
  }
  expect(more).toBeLessThanOrEqual(0.5 * 20)
})
