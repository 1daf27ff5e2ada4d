/** A lease's money between its readings and its extensions, on the real Redis: in any order, what is left held is exact. */
import { prng } from '@isochrone/domain'
import { startTestStack, type TestStack } from '@isochrone/local-stack'
import { leaseHoldField, redisKeys, type Hex } from '@isochrone/protocol'
import { redisLeaseBudget } from '@isochrone/services'
import { Redis } from 'ioredis'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createRedisBudgetStore } from './redis-budget-store.ts'

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

const LANE: Hex = `0x${'1'.repeat(64)}`
const leaseId = 'lease_1'
const channelOf = (n: number): Hex => `0x${n.toString(16).padStart(64, '0')}`

async function fundedChannel(n: number, limit = 1_000_000) {
  const channelId = channelOf(n)
  await redis.hset(redisKeys.budget(channelId), 'limit', String(limit))
  const budget = redisLeaseBudget(redis)
  const store = createRedisBudgetStore(redis, LANE)
  const sums = async () => {
    const fields = await redis.hgetall(redisKeys.budget(channelId))
    return { held: fields[leaseHoldField(leaseId)] ?? null, spent: fields[`spent:${LANE}`] ?? null }
  }
  return {
    hold: (reservedMicroUsd: bigint, billedMicroUsd: bigint) =>
      budget.hold({ channelId, leaseId, reservedMicroUsd, billedMicroUsd }),
    pay: (spent: bigint, reservedMicroUsd: bigint, billedMicroUsd: bigint) =>
      store.payFromLease(channelId, { leaseId, spent, reservedMicroUsd, billedMicroUsd }),
    release: () => budget.release(channelId, leaseId),
    sums,
  }
}

/** Money: the reading was asked for before the extension, and paid after it. */
test('a reading of before an extension takes its price out of the hold, and leaves the extension in it', async () => {
  const { hold, pay, sums } = await fundedChannel(1)
  await hold(1_000n, 0n)
  await hold(1_500n, 0n)
  await pay(100n, 1_000n, 100n)
  expect(await sums()).toEqual({ held: '1400', spent: '100' })
  // Repeated, and late: the numbers of an older reading say nothing new.
  await pay(100n, 1_000n, 100n)
  await pay(60n, 1_000n, 60n)
  expect(await sums()).toEqual({ held: '1400', spent: '100' })
})

test('of a lease that is over nothing is held again by a reading that comes late', async () => {
  const { hold, pay, release, sums } = await fundedChannel(2)
  await hold(1_000n, 0n)
  await release()
  await pay(100n, 1_000n, 100n)
  expect(await sums()).toEqual({ held: null, spent: '100' })
})

test('more is held only within the limit, of which what was paid is no second part', async () => {
  const { hold, pay, sums } = await fundedChannel(3, 2_000)
  expect(await hold(1_000n, 0n)).toBe(true)
  await pay(400n, 1_000n, 400n)
  expect(await hold(2_001n, 400n)).toBe(false)
  expect(await sums()).toEqual({ held: '600', spent: '400' })
  expect(await hold(2_000n, 400n)).toBe(true)
  expect(await sums()).toEqual({ held: '1600', spent: '400' })
})

/** Whatever each side knew when it spoke, and however late it is heard. */
test('extensions and readings in any order, twice or late, leave exactly what was agreed and not billed', async () => {
  for (let seed = 1; seed <= 40; seed++) {
    const rng = prng(seed)
    const { hold, pay, sums } = await fundedChannel(100 + seed)
    let [reserved, billed] = [1_000n, 0n]
    await hold(reserved, billed)
    const said: (() => Promise<unknown>)[] = []
    for (let turn = 0; turn < 12; turn++) {
      // A reading knows the row as it was at some time before.
      const known = reserved
      if (rng.below(3) === 0) {
        reserved += BigInt(rng.below(500))
        const [to, of] = [reserved, billed]
        await hold(to, of)
      }
      if (rng.below(2) === 0 && reserved - billed > 50n) {
        billed += BigInt(1 + rng.below(50))
        const [spent, all] = [billed, known]
        said.push(() => pay(spent, all, spent))
      }
      while (said.length > 0 && rng.below(3) > 0) {
        const at = rng.below(said.length)
        await said[at]?.()
        if (rng.below(3) > 0) said.splice(at, 1)
      }
    }
    for (const late of said) await late()
    expect({ seed, ...(await sums()) }).toEqual({
      seed,
      held: String(reserved - billed),
      spent: billed === 0n ? null : String(billed),
    })
  }
})
