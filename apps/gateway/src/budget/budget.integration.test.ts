/** Budget leases on the real Redis: whatever happens, no more is signed than the limit allows. */
import { afterAll, beforeAll, expect, test } from 'vitest'
import { startTestStack, type TestStack } from '@isochrone/local-stack'
import { prng } from '@isochrone/domain'
import { redisKeys, type Hex } from '@isochrone/protocol'
import { createLogger } from '@isochrone/runtime'
import { Redis } from 'ioredis'
import { createRedis } from '../create-redis.ts'
import { createBudget } from './budget.ts'
import { createRedisBudgetStore, leasedOf } from './redis-budget-store.ts'

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

const laneOf = (n: number): Hex => `0x${n.toString(16).padStart(64, '0')}`
const channelOf = (n: number): Hex => `0x${(1_000 + n).toString(16).padStart(64, '0')}`
const setLimit = (channel: Hex, limit: number) => redis.hset(redisKeys.budget(channel), 'limit', String(limit))

/** A gateway's budget; `signed` is what its lane would have journalled, kept over restarts. */
function gateway(n: number, signed: { microUsd: bigint }, connection: Redis = redis) {
  const clock = { nowMs: 1_000_000 }
  const budget = createBudget({
    store: createRedisBudgetStore(connection, laneOf(n)),
    signedMicroUsd: () => signed.microUsd,
    recoverableMicroUsd: () => 0n,
    nowMs: () => clock.nowMs,
  })
  return { budget, clock, signed }
}

test('several gateways together never sign beyond the limit, and use it up', async () => {
  const channel = channelOf(1)
  await setLimit(channel, 10_000)
  const gateways = [1, 2, 3].map((n) => gateway(n, { microUsd: 0n }))
  const rng = prng(7)
  let refused = 0
  const one = async () => {
    const { budget, signed } = gateways[rng.below(3)] ?? gateways[0]!
    const most = BigInt(1 + rng.below(100))
    const actual = BigInt(rng.below(Number(most) + 1))
    try {
      const reservation = await budget.reserve(channel, most)
      await new Promise((resolve) => setTimeout(resolve, rng.below(4)))
      signed.microUsd += actual
      reservation.release()
    } catch {
      refused++
    }
  }
  for (let round = 0; round < 40; round++) {
    await Promise.all(Array.from({ length: 25 }, one))
    const total = gateways.reduce((sum, { signed }) => sum + signed.microUsd, 0n)
    expect(total).toBeLessThanOrEqual(10_000n)
    for (const { budget, clock } of gateways) {
      clock.nowMs += 20_000
      await budget.tick()
    }
  }
  const total = gateways.reduce((sum, { signed }) => sum + signed.microUsd, 0n)
  expect(total).toBeGreaterThan(9_800n)
  expect(refused).toBeGreaterThan(0)
})

test('a steady load asks Redis far less often than it serves requests', async () => {
  const channel = channelOf(2)
  await setLimit(channel, 1_000_000)
  let calls = 0
  const store = createRedisBudgetStore(redis, laneOf(1))
  const signed = { microUsd: 0n }
  const budget = createBudget({
    store: { ...store, sync: (...args) => (calls++, store.sync(...args)) },
    signedMicroUsd: () => signed.microUsd,
    recoverableMicroUsd: () => 0n,
    nowMs: () => Date.now(),
  })
  for (let i = 0; i < 1_000; i++) {
    const reservation = await budget.reserve(channel, 100n)
    signed.microUsd += 90n
    reservation.release()
  }
  expect(calls).toBeLessThan(100)
})

test('a restart forgets the lease of the dead run but none of what it signed or may still be billed', async () => {
  const channel = channelOf(3)
  await setLimit(channel, 1_000)
  const signed = { microUsd: 0n }
  const before = gateway(1, signed)
  const reservation = await before.budget.reserve(channel, 600n)
  signed.microUsd += 100n
  reservation.release()
  await before.budget.reserve(channel, 300n) // never released: the process dies here
  const after = createBudget({
    store: createRedisBudgetStore(redis, laneOf(1)),
    signedMicroUsd: () => signed.microUsd,
    recoverableMicroUsd: () => 300n,
    nowMs: () => Date.now(),
  })
  await expect(after.reserve(channel, 601n)).rejects.toMatchObject({ code: 'insufficient_balance' })
  await after.reserve(channel, 600n)
})

test('what Redis knows to be spent beyond a lost journal stays spent', async () => {
  const channel = channelOf(4)
  await setLimit(channel, 1_000)
  await redis.hset(redisKeys.budget(channel), `spent:${laneOf(1)}`, '700')
  const { budget, signed } = gateway(1, { microUsd: 0n })
  await expect(budget.reserve(channel, 400n)).rejects.toMatchObject({ code: 'insufficient_balance' })
  const reservation = await budget.reserve(channel, 300n)
  signed.microUsd += 300n
  reservation.release()
  await budget.tick()
  expect(await redis.hget(redisKeys.budget(channel), `spent:${laneOf(1)}`)).toBe('1000')
  await expect(budget.reserve(channel, 1n)).rejects.toMatchObject({ code: 'insufficient_balance' })
})

test('a channel without a limit can spend nothing', async () => {
  const { budget } = gateway(1, { microUsd: 0n })
  await expect(budget.reserve(channelOf(5), 1n)).rejects.toMatchObject({ code: 'insufficient_balance' })
})

test('without Redis the held lease goes on serving, and beyond it the answer is 503', async () => {
  const channel = channelOf(6)
  await setLimit(channel, 100_000)
  const connection = createRedis(stack.redisUrl, createLogger('test', 'silent'))
  await new Promise((resolve) => connection.once('ready', resolve))
  const { budget, signed } = gateway(1, { microUsd: 0n }, connection)
  const first = await budget.reserve(channel, 100n)
  signed.microUsd += 100n
  first.release()
  connection.disconnect()
  let served = 0
  const drain = async () => {
    for (let i = 0; i < 100; i++) {
      const reservation = await budget.reserve(channel, 100n)
      signed.microUsd += 100n
      served++
      reservation.release()
    }
  }
  await expect(drain()).rejects.toMatchObject({ code: 'capacity_unavailable', retryAfterS: 2 })
  expect(served).toBe(31)
})

/** Busy with its disk it may hold writes back for two seconds: customers wait then, and hear 503 only of one that is stuck. */
test('who needs a lease of a Redis that stands still waits for it, but no longer than 3 s', async () => {
  const channel = channelOf(7)
  await setLimit(channel, 10_000)
  const connection = createRedis(stack.redisUrl, createLogger('test', 'silent'))
  await new Promise((resolve) => connection.once('ready', resolve))
  const { budget, signed } = gateway(1, { microUsd: 0n }, connection)
  try {
    const still = stack.stallRedis(1_500)
    const together = Promise.all(Array.from({ length: 20 }, () => budget.reserve(channel, 100n)))
    const reservations = await together
    await still
    const longer = stack.stallRedis(10_000)
    const askedAtMs = performance.now()
    // The lease of the first call covers twelve more.
    const asked = await Promise.allSettled(Array.from({ length: 20 }, () => budget.reserve(channel, 100n)))
    const waitedMs = performance.now() - askedAtMs
    await longer
    expect(asked.filter(({ status }) => status === 'fulfilled')).toHaveLength(12)
    for (const outcome of asked) {
      if (outcome.status === 'rejected')
        expect(outcome.reason).toMatchObject({ code: 'capacity_unavailable', retryAfterS: 2 })
      else reservations.push(outcome.value)
    }
    expect(waitedMs).toBeGreaterThan(2_900)
    expect(waitedMs).toBeLessThan(8_000)
    // What Redis granted to the call that was given up is no longer held once it is told what is.
    for (const reservation of reservations) {
      signed.microUsd += reservation.microUsd
      reservation.release()
    }
    await budget.tick()
    expect(Number(await redis.hget(redisKeys.budget(channel), `spent:${laneOf(1)}`))).toBe(3_200)
    expect(Number(await redis.hget(redisKeys.budget(channel), `lease:${laneOf(1)}`))).toBe(0)
  } finally {
    connection.disconnect()
  }
})

/** A killed gateway that nobody asks again must not keep money from its owner for ever. */
test('the lease of a dead run comes back after a restart, without a request', async () => {
  const channel = channelOf(77)
  await setLimit(channel, 1_000)
  const signed = { microUsd: 0n }
  const before = gateway(1, signed)
  await before.budget.reserve(channel, 100n) // never released: the process dies here
  expect(Number(await redis.hget(redisKeys.budget(channel), `lease:${laneOf(1)}`))).toBe(1_000)
  const recoverable = { microUsd: 100n }
  const clock = { nowMs: 1_000_000 }
  const after = createBudget({
    store: createRedisBudgetStore(redis, laneOf(1)),
    signedMicroUsd: () => signed.microUsd,
    recoverableMicroUsd: () => recoverable.microUsd,
    nowMs: () => clock.nowMs,
  })
  await after.resume(await leasedOf(redis, laneOf(1), [channelOf(78), channel]))
  const leased = () => redis.hget(redisKeys.budget(channel), `lease:${laneOf(1)}`)
  // What the journal says may still be billed stays held.
  expect(await leased()).toBe('100')
  clock.nowMs += 20_000
  await after.tick()
  expect(await leased()).toBe('100')
  // Its receipt came in, for less.
  signed.microUsd = 40n
  recoverable.microUsd = 0n
  await after.tick()
  expect([await leased(), await redis.hget(redisKeys.budget(channel), `spent:${laneOf(1)}`)]).toEqual(['0', '40'])
})
