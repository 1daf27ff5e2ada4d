/** Two gateways' waiting rooms before the same few places, with a real Redis between them. */
import { setImmediate as turn } from 'node:timers/promises'
import { manualClock } from '@isochrone/domain'
import { startTestStack, type TestStack } from '@isochrone/local-stack'
import { redisKeys } from '@isochrone/protocol'
import { mergeRouting, type PlacementRequest } from '@isochrone/scheduler'
import { Redis } from 'ioredis'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { createWaitingRoom } from '../requests/placement/waiting-room.ts'
import { createFairNews } from './fair-news.ts'
import type { Placed, Placer, Refused } from '../requests/placement/placer.ts'

let stack: TestStack
let redis: Redis
beforeAll(async () => {
  stack = await startTestStack({ redis: true })
  redis = new Redis(stack.redisUrl)
})
afterAll(async () => {
  redis?.disconnect()
  await stack?.stop()
})
beforeEach(() => redis.flushall())

const request = { tokensIn: 100, tokensOutExpected: 100, policy: mergeRouting({}) } as unknown as PlacementRequest

/** Places that come free one by one; whoever looks first takes it, and the first gateway always looks first. */
function market(count: number, exchanges: boolean) {
  const clock = manualClock()
  let free = 0
  const served = new Map<string, number>()
  const leaving = new AbortController()
  const gateways = Array.from({ length: count }, (_, index) => {
    const wakes: ((model: string) => void)[] = []
    const placer = {
      place: () =>
        (free > 0
          ? { ticket: {}, taken: free-- }
          : { reason: 'full', retryAfterMs: 500, record: { rejected: [] } }) as unknown as Placed | Refused,
    } as unknown as Placer
    const room = createWaitingRoom({ placer, onRoom: (wake) => void wakes.push(wake), clock, self: `lane-${index}` })
    const news = createFairNews({ redis, room, nowMs: () => clock.nowMs(), gateways: () => (exchanges ? count : 1) })
    return { room, news, wake: () => wakes.forEach((wake) => wake('m')) }
  })
  const tellAll = async () => {
    for (const { news } of gateways) await news.tick()
    for (const { news } of gateways) await news.tick()
  }
  return {
    gateways,
    served,
    tellAll,
    ask: (index: number, tenant: string, times: number) => {
      for (let i = 0; i < times; i++) {
        const input = { model: 'm', tenant, request, patienceMs: 600_000, signal: leaving.signal }
        gateways[index]?.room
          .place(input)
          .then(() => served.set(tenant, (served.get(tenant) ?? 0) + 1))
          .catch(() => undefined)
      }
    },
    freePlaces: async (places: number) => {
      for (let place = 0; place < places; place++) {
        free++
        clock.advanceMs(50)
        for (const { wake } of gateways) {
          wake()
          await turn()
          await turn()
        }
        if (place % 5 === 4) await tellAll()
      }
    },
    leave: () => leaving.abort(),
  }
}

test('a tenant that floods one gateway takes no places from tenants of another', async () => {
  const { ask, tellAll, freePlaces, served, leave } = market(2, true)
  await tellAll()
  ask(0, 'flood', 200)
  ask(1, 'small', 40)
  ask(1, 'tiny', 40)
  await tellAll()
  await freePlaces(60)
  // A third each, but for what was served between two news.
  for (const tenant of ['flood', 'small', 'tiny']) expect(served.get(tenant)).toBeGreaterThanOrEqual(14)
  const [news] = await redis.xrevrange(redisKeys.fairness, '+', '-', 'COUNT', 1)
  expect(Object.keys(JSON.parse(news?.[1][1] ?? '{}') as object)).toEqual(['model', 'news'])
  leave()
})

test('without news the gateway that looks first takes all: what the test above would not notice otherwise', async () => {
  const { ask, freePlaces, served, leave } = market(2, false)
  ask(0, 'flood', 200)
  ask(1, 'small', 40)
  await freePlaces(40)
  expect(served.get('flood')).toBe(40)
  expect(await redis.exists(redisKeys.fairness)).toBe(0)
  leave()
})

test('a gateway that dies holds up nobody, and what is no news is passed over', async () => {
  const { gateways, ask, tellAll, freePlaces, served, leave } = market(2, true)
  await tellAll()
  ask(0, 'flood', 200)
  ask(1, 'small', 40)
  await tellAll()
  gateways.pop()
  for (const text of ['', '{', '[]', '{"model":"m"}', '{"model":"m","news":{"from":"x","sequence":1e99}}']) {
    await redis.xadd(redisKeys.fairness, '*', 'news', text)
  }
  // More than three seconds of its silence, in which it held places for the other at most a second at a time.
  await freePlaces(100)
  expect(served.get('flood')).toBeGreaterThan(40)
  const before = served.get('flood') ?? 0
  await freePlaces(20)
  expect((served.get('flood') ?? 0) - before).toBeGreaterThanOrEqual(20)
  leave()
})
