/** What Redis keeps of idempotency keys expires, and belongs to who put it there, also after Redis has lost data. */
import { startTestStack, type TestStack } from '@isochrone/local-stack'
import { Redis } from 'ioredis'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { KEPT_MS, redisIdempotencyStore, RUNNING_SAID_MS } from './idempotency-store.ts'

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

test('an answer is kept for what is left of its day, also where the claim was lost', async () => {
  const store = redisIdempotencyStore(redis)
  expect(await store.claim('a', 'claimed')).toBeNull()
  expect(await redis.pttl('iso:idem:a')).toBeGreaterThan(KEPT_MS - 60_000)
  await store.put('a', 'claimed', 'answered', 50_000)
  expect(await store.claim('a', 'retry')).toBe('answered')
  await redis.del('iso:idem:a')
  await store.put('a', 'claimed', 'answered', 40_000)
  expect(await store.claim('a', 'retry')).toBe('answered')
  const left = await redis.pttl('iso:idem:a')
  expect(left).toBeGreaterThan(0)
  expect(left).toBeLessThanOrEqual(40_000)
})

test('what another request has claimed meanwhile is neither replaced nor taken away', async () => {
  const store = redisIdempotencyStore(redis)
  await store.claim('b', 'first')
  await redis.del('iso:idem:b')
  expect(await store.claim('b', 'second')).toBeNull()
  await store.put('b', 'first', 'answered', 50_000)
  await store.release('b', 'first')
  expect(await store.claim('b', 'third')).toBe('second')
  await store.release('b', 'second')
  expect(await store.claim('b', 'third')).toBeNull()
})

test('that a request runs is said for some seconds only', async () => {
  const store = redisIdempotencyStore(redis)
  await store.sayRunning(['c', 'd'])
  expect([await store.isRunning('c'), await store.isRunning('d'), await store.isRunning('e')]).toEqual([
    true,
    true,
    false,
  ])
  const left = await redis.pttl('iso:idem-running:c')
  expect(left).toBeGreaterThan(0)
  expect(left).toBeLessThanOrEqual(RUNNING_SAID_MS)
})
