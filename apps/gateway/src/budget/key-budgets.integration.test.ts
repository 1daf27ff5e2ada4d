/** Budgets of API keys on the real Redis and Postgres, several gateways at once: no period ever costs more than it may. */
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createDb, createStore, type Db, type Store } from '@isochrone/db'
import { startTestStack, type TestStack } from '@isochrone/local-stack'
import { manualClock, periodAt, prng } from '@isochrone/domain'
import { redisKeys, type Hex } from '@isochrone/protocol'
import {
  createApiKey,
  loadControlSnapshot,
  publishKeyBudgets,
  redisControlStream,
  setKeyBudget,
  type NewKeyBudget,
} from '@isochrone/services'
import { Redis } from 'ioredis'
import { createControlStore } from '../control/control-state.ts'
import { KeySpend, type KeyPeriod } from '../lane/key-spend.ts'
import { createKeyBudgets, placeOfKeyPeriod } from './key-budgets.ts'
import { createRedisBudgetStore, leasedOf } from './redis-budget-store.ts'

let stack: TestStack
let redis: Redis
let db: Db
let store: Store
beforeAll(async () => {
  stack = await startTestStack({ postgres: true, redis: true })
  redis = new Redis(stack.redisUrl)
  db = createDb(stack.databaseUrl, { connectionsMax: 4 })
  store = createStore(db)
})
afterAll(async () => {
  redis?.disconnect()
  await db?.$disconnect()
  await stack?.stop()
})

const NOON = Date.parse('2026-11-22T12:00:00Z')
const laneOf = (n: number): Hex => `0x${(7_000 + n).toString(16).padStart(64, '0')}`
const owner = { userId: 'user_1', email: 'owner@example.test' }

/** The services' side, at an hour that the test says. */
function platform(startMs = NOON) {
  const clock = manualClock(startMs)
  const publish = (keyIds?: readonly string[]) =>
    publishKeyBudgets({ ...store, redis, clock }, keyIds ? { keyIds } : {})
  const deps = { store, stream: redisControlStream(redis), clock, tellKeyBudgets: publish }
  return {
    clock,
    publish,
    key: async (orgId: string, name: string, budget: NewKeyBudget | null) =>
      (await createApiKey(deps, { orgId, name, expiresInDays: null, budget })).key.id,
    setBudget: (orgId: string, keyId: string, budget: NewKeyBudget | null) =>
      setKeyBudget(deps, { orgId, keyId, budget, ...owner }),
  }
}

/** A gateway; `spend` is what its lane has journalled, kept over restarts. */
async function gateway(n: number, clock: { nowMs(): number }, spend = new KeySpend()) {
  const control = createControlStore()
  const learn = async () => control.replace(await loadControlSnapshot(store))
  await learn()
  const recoverable = new Map<KeyPeriod, bigint>()
  const budgets = createKeyBudgets({
    control,
    store: createRedisBudgetStore(redis, laneOf(n), placeOfKeyPeriod),
    leasedOf: (periods) => leasedOf(redis, laneOf(n), periods, (period) => placeOfKeyPeriod(period).sums),
    spentMicroUsd: (period) => spend.of(period),
    recoverableMicroUsd: (period) => recoverable.get(period) ?? 0n,
    nowMs: () => clock.nowMs(),
  })
  return {
    budgets,
    spend,
    learn,
    recoverable,
    /** One request: reserves `most`, costs `actual`. */
    async serve(keyId: string, most: bigint, actual = most, receivedAtMs = clock.nowMs()) {
      const held = await budgets.reserve({ keyId, receivedAtMs }, most)
      if (actual > 0n) spend.add(keyId, receivedAtMs, actual)
      held?.release()
    },
  }
}
type Gateway = Awaited<ReturnType<typeof gateway>>

const spentBy = (gateways: readonly Gateway[], period: KeyPeriod): bigint =>
  gateways.reduce((sum, { spend }) => sum + spend.of(period), 0n)
const refused = expect.objectContaining({ code: 'insufficient_balance' })

async function tickAll(gateways: readonly Gateway[]): Promise<void> {
  for (const { budgets } of gateways) await budgets.tick()
}

test('four gateways together never spend beyond a budget of a day, use it up, and have it anew after midnight', async () => {
  const { clock, key } = platform()
  const keyId = await key('org_many', 'crowd', { period: 'day', microUsd: 10_000n })
  const gateways = await Promise.all([1, 2, 3, 4].map((n) => gateway(n, clock)))
  const rng = prng(11)
  const answers = { served: 0, refused: 0 }
  const one = async () => {
    const most = BigInt(1 + rng.below(100))
    const one = gateways[rng.below(4)] ?? gateways[0]!
    await one.serve(keyId, most, BigInt(rng.below(Number(most) + 1))).then(
      () => answers.served++,
      (error: unknown) => {
        expect(error).toEqual(refused)
        answers.refused++
      },
    )
  }
  const useUp = async (period: KeyPeriod) => {
    for (let round = 0; round < 30; round++) {
      await Promise.all(Array.from({ length: 25 }, one))
      expect(spentBy(gateways, period)).toBeLessThanOrEqual(10_000n)
      clock.advanceMs(20_000)
      await tickAll(gateways)
    }
    expect(spentBy(gateways, period)).toBeGreaterThan(9_900n)
  }
  await useUp(`${keyId}:2026-11-22`)
  expect(answers.refused).toBeGreaterThan(0)
  clock.advanceMs(Date.parse('2026-11-23T00:00:00Z') - clock.nowMs())
  await useUp(`${keyId}:2026-11-23`)
  expect(spentBy(gateways, `${keyId}:2026-11`)).toBeGreaterThan(19_800n)
  expect(await redis.ttl(redisKeys.keyBudgetPeriod(keyId, '2026-11-22'))).toBeGreaterThan(86_400)
})

/** What runs over midnight belongs to the day that it came in by, and takes nothing from the next one. */
test('a request counts in the period that it came in by', async () => {
  const { clock, key } = platform(Date.parse('2026-11-30T23:59:59.900Z'))
  const keyId = await key('org_late', 'night', { period: 'month', microUsd: 1_000n })
  const one = await gateway(1, clock)
  const receivedAtMs = clock.nowMs()
  const held = await one.budgets.reserve({ keyId, receivedAtMs }, 900n)
  clock.advanceMs(10_000)
  await one.serve(keyId, 1_000n)
  one.spend.add(keyId, receivedAtMs, 900n)
  held?.release()
  await expect(one.serve(keyId, 200n, 200n, receivedAtMs)).rejects.toEqual(refused)
  expect([one.spend.of(`${keyId}:2026-11`), one.spend.of(`${keyId}:2026-12`)]).toEqual([900n, 1_000n])
})

test('a key spends its own budget and nobody else’s, and one without a budget asks nothing', async () => {
  const { clock, key } = platform()
  const mine = await key('org_mine', 'mine', { period: 'total', microUsd: 500n })
  const theirs = await key('org_theirs', 'theirs', { period: 'total', microUsd: 500n })
  const free = await key('org_mine', 'free', null)
  const one = await gateway(1, clock)
  await one.serve(mine, 500n)
  await expect(one.serve(mine, 1n)).rejects.toMatchObject({
    publicMessage:
      "The API key 'mine' has a budget of $0.0005 in all: $0.0005 spent, and this request could cost $0.000001. " +
      'It does not renew; an owner of the organisation can raise it on the page API keys.',
  })
  await one.serve(theirs, 500n)
  await one.serve(free, 1_000_000n)
  expect(await one.budgets.reserve({ keyId: free, receivedAtMs: NOON }, 1n)).toBeNull()
  // Nothing that costs nothing is refused: a request inside a lease.
  await one.serve(mine, 0n)
})

test('what a killed gateway leased and did not spend comes back when it starts again', async () => {
  const { clock, key } = platform()
  const keyId = await key('org_killed', 'killed', { period: 'day', microUsd: 1_000n })
  const period: KeyPeriod = `${keyId}:2026-11-22`
  const first = await gateway(1, clock)
  await first.serve(keyId, 100n, 60n)
  await first.budgets.reserve({ keyId, receivedAtMs: NOON }, 100n) // never released: the process dies here
  const other = await gateway(2, clock)
  await expect(other.serve(keyId, 500n)).rejects.toEqual(refused)
  const again = await gateway(1, clock, first.spend)
  // Its journal says what the request that was cut off may still cost.
  again.recoverable.set(period, 100n)
  await again.budgets.tick()
  await expect(other.serve(keyId, 841n)).rejects.toEqual(refused)
  await other.serve(keyId, 840n, 800n)
  clock.advanceMs(20_000)
  again.spend.add(keyId, NOON, 90n)
  again.recoverable.clear()
  await tickAll([again, other])
  await other.serve(keyId, 50n)
  expect(spentBy([again, other], period)).toBe(1_000n)
  await expect(other.serve(keyId, 1n)).rejects.toEqual(refused)
})

test('a lower budget holds at gateways that had leased by the higher one; a removed one is no limit', async () => {
  const { clock, key, setBudget } = platform()
  const keyId = await key('org_change', 'change', { period: 'day', microUsd: 100_000n })
  const gateways = await Promise.all([1, 2].map((n) => gateway(n, clock)))
  const [one, two] = gateways as [Gateway, Gateway]
  for (const each of gateways) await each.serve(keyId, 1_000n)
  await setBudget('org_change', keyId, { period: 'day', microUsd: 5_000n })
  await Promise.all(gateways.map(({ learn }) => learn()))
  await tickAll(gateways)
  for (let i = 0; i < 3; i++) await one.serve(keyId, 1_000n)
  await expect(one.serve(keyId, 1_000n)).rejects.toEqual(refused)
  await expect(two.serve(keyId, 1n)).rejects.toEqual(refused)
  expect(spentBy(gateways, `${keyId}:2026-11-22`)).toBe(5_000n)
  // Told late, the older limit changes nothing.
  await redis.hset(redisKeys.keyBudget(keyId), 'version', '999999999')
  await setBudget('org_change', keyId, { period: 'day', microUsd: 900_000n })
  await Promise.all(gateways.map(({ learn }) => learn()))
  await expect(one.serve(keyId, 1_000n)).rejects.toEqual(refused)
  await setBudget('org_change', keyId, null)
  await Promise.all(gateways.map(({ learn }) => learn()))
  for (const each of gateways) await each.serve(keyId, 1_000_000n)
  const [note] = await store.audit.rows({ ...anyNote, subject: keyId, limit: 1 })
  expect(note).toMatchObject({
    action: 'keys.setBudget',
    email: owner.email,
    outcome: 'done',
    detail: { orgId: 'org_change', before: '$0.90 a day', after: 'none' },
  })
})
const anyNote = { action: null, who: null, outcome: null, beforeId: null }

/** Otherwise whoever sets a budget at noon would pay for the whole of it once more. */
test('a budget made in the middle of its period counts what the period has cost, by Postgres and by each lane', async () => {
  const { clock, key, setBudget } = platform()
  const keyId = await key('org_middle', 'middle', null)
  const { startMs: dayMs } = periodAt('day', NOON)
  // Of a gateway that is gone, of one that runs and is ahead of Postgres, of another month.
  await store.apiKeys.addSpend([
    { keyId, dayMs, lane: laneOf(9), microUsd: 300n },
    { keyId, dayMs, lane: laneOf(9), microUsd: 100n },
    { keyId, dayMs, lane: laneOf(1), microUsd: 150n },
    { keyId, dayMs: Date.parse('2026-10-31T00:00:00Z'), lane: laneOf(9), microUsd: 5_000n },
  ])
  const [one, two] = [await gateway(1, clock), await gateway(2, clock)]
  await one.serve(keyId, 200n)
  const view = await setBudget('org_middle', keyId, { period: 'month', microUsd: 1_000n })
  expect(view).toMatchObject({
    spentThisMonthMicroUsd: 550n,
    budget: { spentMicroUsd: 550n, leftMicroUsd: 450n, renewsAtMs: Date.parse('2026-12-01T00:00:00Z') },
  })
  await Promise.all([one.learn(), two.learn()])
  await tickAll([one, two])
  await expect(two.serve(keyId, 401n)).rejects.toEqual(refused)
  await two.serve(keyId, 400n)
  await expect(one.serve(keyId, 1n)).rejects.toEqual(refused)
})

test('a Redis that lost its data refuses to guess, and counts again what is on record', async () => {
  const { clock, key, publish } = platform()
  const keyId = await key('org_lost', 'lost', { period: 'day', microUsd: 1_000n })
  await store.apiKeys.addSpend([{ keyId, dayMs: periodAt('day', NOON).startMs, lane: laneOf(8), microUsd: 700n }])
  await redis.del(redisKeys.keyBudget(keyId), redisKeys.keyBudgetPeriod(keyId, '2026-11-22'))
  const one = await gateway(1, clock)
  await expect(one.serve(keyId, 1n)).rejects.toMatchObject({ code: 'capacity_unavailable', retryAfterS: 2 })
  await publish()
  await expect(one.serve(keyId, 301n)).rejects.toEqual(refused)
  await one.serve(keyId, 300n)
})

test('queued work of a revoked key still counts, and its budget is changed no more', async () => {
  const { clock, key, setBudget } = platform()
  const keyId = await key('org_revoked', 'revoked', { period: 'total', microUsd: 100n })
  await store.apiKeys.disable('org_revoked', keyId)
  const one = await gateway(1, clock)
  await one.serve(keyId, 100n)
  await expect(one.serve(keyId, 1n)).rejects.toEqual(refused)
  await expect(setBudget('org_revoked', keyId, null)).rejects.toMatchObject({ code: 'state_conflict' })
  await expect(setBudget('org_other', keyId, null)).rejects.toMatchObject({ code: 'not_found' })
})
