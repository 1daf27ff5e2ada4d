/**
 * Leases' money and GPUs on real Postgres and Redis: whoever races, dies or comes twice, what is held is what was agreed, and no
 * GPU stays taken by nobody.
 */
import { isAppError } from '@isochrone/domain'
import { leaseHoldField, redisKeys } from '@isochrone/protocol'
import {
  advanceLease,
  createControlPlane,
  publishBudgetLimits,
  redisLeaseBudget,
  settleHold,
  type ControlPlaneDeps,
  type LeaseDeps,
} from '@isochrone/services'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { startTestControlPlane, type TestControlPlane } from '../start/seed/test-control-plane.ts'

const ORG = 'org_a'
const HOUR_MS = 3_600_000
/** An hour of one GPU at $3.60, a micro-dollar for each reading that can come, and some for moves. */
const HOUR_MICRO_USD = 3_600_000n + 360n + 64n
const wordless = `0x${'a1'.repeat(32)}`

let world: TestControlPlane
let count = 0

beforeAll(async () => {
  world = await startTestControlPlane()
}, 300_000)
afterAll(() => world?.stop())

/** A lease that has run for a while, on a channel whose limit covers it and `extensions` hours more. */
async function runningLease(extensions: number, { billedMicroUsd = 1_000n } = {}) {
  const { db } = world
  const leaseId = `lease_${++count}`
  const orgId = `${ORG}_${count}`
  const channelId = `0x${count.toString(16).padStart(64, '0')}`
  const limit = HOUR_MICRO_USD * BigInt(1 + extensions)
  await db.organization.create({ data: { id: orgId, name: orgId, slug: orgId } })
  await db.channel.create({
    data: {
      id: channelId,
      orgId,
      custody: 'managed',
      ownerAddress: `0x${'f1'.repeat(20)}`,
      salt: channelId,
      depositedMicroUsd: limit,
      ceilingMicroUsd: limit,
    },
  })
  const row = { id: leaseId, idHash: channelId, orgId, channelId, createdBy: 'user', model: 'm', gpus: 1 }
  const money = { maxPerGpuHourMicroUsd: 3_600_000n, perGpuHourMicroUsd: 3_600_000n, reservedMicroUsd: HOUR_MICRO_USD }
  const place = { nodeId: wordless, providerId: wordless, termsHash: wordless, endsAtMs: BigInt(HOUR_MS) }
  await db.lease.create({
    data: { ...row, ...money, ...place, billedMicroUsd, durationMs: BigInt(HOUR_MS), status: 'running' },
  })
  await world.redis.hset(redisKeys.budget(channelId), 'spent:lane', billedMicroUsd.toString())
  await round()
  const held = async () => {
    const field = await world.redis.hget(redisKeys.budget(channelId), leaseHoldField(leaseId))
    return field === null ? null : BigInt(field)
  }
  const rowNow = () => db.lease.findUniqueOrThrow({ where: { id: leaseId } })
  /** Rows and Redis say the same, and it is so many hours more than at first. */
  const expectHours = async (hours: number) => {
    const { reservedMicroUsd, durationMs, endsAtMs } = await rowNow()
    expect({ reservedMicroUsd, durationMs, endsAtMs, held: await held() }).toEqual({
      reservedMicroUsd: HOUR_MICRO_USD * BigInt(1 + hours),
      durationMs: BigInt(HOUR_MS * (1 + hours)),
      endsAtMs: BigInt(HOUR_MS * (1 + hours)),
      held: HOUR_MICRO_USD * BigInt(1 + hours) - billedMicroUsd,
    })
    expect(await db.leaseExtension.count({ where: { leaseId } })).toBe(hours)
  }
  return { leaseId, orgId, channelId, held, expectHours }
}

/** What the worker does now and then. */
async function round(): Promise<void> {
  const { store, redis } = world
  await publishBudgetLimits({
    ...store.chain,
    ...store.requests,
    holds: (ids) => store.leases.holds(ids),
    heldTooMuch: (lease) => settleHold({ store, budget: redisLeaseBudget(redis) }, lease),
    redis,
  })
}

type Lease = Awaited<ReturnType<typeof runningLease>>
const extendBy = (deps: ControlPlaneDeps, { leaseId, orgId }: Lease, key: string, durationMs = HOUR_MS) =>
  createControlPlane(deps).leases.extend({ orgId, leaseId, durationMs, key })
const codeOf = (promise: Promise<unknown>) =>
  promise.then(
    () => 'ok',
    (error: unknown) => (isAppError(error) ? error.code : String(error)),
  )

/** Repeated by its key while the database is busy: a machine with little time, not an answer. */
async function answered(ask: () => Promise<unknown>): Promise<string> {
  for (let tries = 1; ; tries++) {
    const code = await codeOf(ask())
    if (code !== 'busy' || tries === 20) return code
  }
}

/** Money: leased time that nobody pays for is a loss of the provider's, or of ours. */
test('of many extensions at once those are granted that the balance pays for, and each of them is held', async () => {
  const lease = await runningLease(5)
  const keys = Array.from({ length: 12 }, (_, index) => `click-${index}`)
  const outcomes = await Promise.all(keys.map((key) => answered(() => extendBy(world.deps, lease, key))))
  expect(outcomes.toSorted()).toEqual([...Array(7).fill('insufficient_balance'), ...Array(5).fill('ok')])
  await round()
  await lease.expectHours(5)
}, 300_000)

test('one key extends once, however often and however much at once, and not by another time', async () => {
  const lease = await runningLease(3)
  const clicks = Array.from({ length: 8 }, () => answered(() => extendBy(world.deps, lease, 'click')))
  expect(new Set(await Promise.all(clicks))).toEqual(new Set(['ok']))
  await lease.expectHours(1)
  expect(await codeOf(extendBy(world.deps, lease, 'click', 2 * HOUR_MS))).toBe('state_conflict')
  expect(await codeOf(extendBy(world.deps, { ...lease, orgId: 'org_other' }, 'theirs'))).toBe('not_found')
  await lease.expectHours(1)
})

const died = () => Promise.reject(new Error('died here'))

/** Where it dies: what is left of the calls that it makes. */
const deaths: Record<string, (deps: ControlPlaneDeps) => Partial<ControlPlaneDeps>> = {
  'before the money is held': ({ leaseBudget }) => ({ leaseBudget: { ...leaseBudget, hold: died, lower: died } }),
  'when the money is held': ({ leaseBudget }) => ({
    leaseBudget: { ...leaseBudget, hold: async (hold) => (await leaseBudget.hold(hold), died()), lower: died },
  }),
  'when the row is written, before the commit': ({ store, leaseBudget }) => ({
    store: {
      ...store,
      transaction: (work) => store.transaction(async (tx) => (await work(tx), died())),
    },
    leaseBudget: { ...leaseBudget, lower: died },
  }),
}

test.each(Object.keys(deaths))(
  'one that dies %s leaves row and hold as they were, and may be repeated',
  async (where) => {
    const lease = await runningLease(1)
    const dying = { ...world.deps, ...deaths[where]?.(world.deps) }
    expect(await codeOf(extendBy(dying, lease, 'click'))).toContain('died here')
    await round()
    await lease.expectHours(0)
    // As on a worker that was not told to wait: at once, with what is held for nothing still there.
    expect(await codeOf(extendBy(dying, lease, 'click'))).toContain('died here')
    expect(await codeOf(extendBy(world.deps, lease, 'click'))).toBe('ok')
    await lease.expectHours(1)
    expect(await codeOf(extendBy(world.deps, lease, 'another'))).toBe('insufficient_balance')
    await round()
    await lease.expectHours(1)
  },
)

test('one that fails and lives gives back at once what it held for nothing', async () => {
  const lease = await runningLease(2)
  const { store } = world
  const failing: ControlPlaneDeps = {
    ...world.deps,
    store: { ...store, transaction: failingOnce((work) => store.transaction(work)) },
  }
  expect(await codeOf(extendBy(failing, lease, 'click'))).toContain('died here')
  await lease.expectHours(0)
})

/** The first transaction is rolled back at its end; later ones work. */
function failingOnce(transaction: ControlPlaneDeps['store']['transaction']): ControlPlaneDeps['store']['transaction'] {
  let isFirst = true
  return (work) => {
    if (!isFirst) return transaction(work)
    isFirst = false
    return transaction(async (tx) => (await work(tx), died()))
  }
}

test('an answer that was lost after the commit is found again by its key', async () => {
  const lease = await runningLease(2)
  const { store } = world
  const forgetful: ControlPlaneDeps = {
    ...world.deps,
    store: { ...store, transaction: async (work) => (await store.transaction(work), died()) },
  }
  expect(await codeOf(extendBy(forgetful, lease, 'click'))).toContain('died here')
  await lease.expectHours(1)
  expect(await codeOf(extendBy(world.deps, lease, 'click'))).toBe('ok')
  await lease.expectHours(1)
})

test('a hold that Redis lost, or has too little of, is made good by the next round, extensions and all', async () => {
  const lease = await runningLease(2)
  await extendBy(world.deps, lease, 'one')
  const budget = redisKeys.budget(lease.channelId)
  await world.redis.del(budget)
  expect(await lease.held()).toBeNull()
  await round()
  await lease.expectHours(1)
  await world.redis.hset(budget, leaseHoldField(lease.leaseId), '5')
  await round()
  await lease.expectHours(1)
  await extendBy(world.deps, lease, 'two')
  await lease.expectHours(2)
})

test('what a lease that is over left behind is taken away, and it is not extended', async () => {
  const lease = await runningLease(2)
  await world.db.lease.update({ where: { id: lease.leaseId }, data: { status: 'stopped', endedAt: new Date() } })
  expect(await codeOf(extendBy(world.deps, lease, 'late'))).toBe('state_conflict')
  await round()
  expect(await lease.held()).toBeNull()
})

/** Of a lease on a node of its own, how it stands and how many of the node's GPUs are taken. */
async function onNode(lease: Lease, status: 'requested' | 'running') {
  const { db, store } = world
  const nodeId = `node of ${lease.leaseId}`
  await store.leases.takeGpus(nodeId, 1, 1)
  const endsAtMs = BigInt(Date.now() + HOUR_MS)
  await db.lease.update({ where: { id: lease.leaseId }, data: { nodeId, status, endsAtMs, createdAt: new Date(0) } })
  return async () => {
    const row = await db.lease.findUniqueOrThrow({ where: { id: lease.leaseId } })
    return [row.status, (await store.leases.takenGpus([nodeId])).get(nodeId)]
  }
}

/** A worker that finds no gateway for any node, and waits for none. */
function lonelyWorker(store: ControlPlaneDeps['store']): LeaseDeps {
  const none = { nodes: async () => ({ states: [], liveness: new Map() }), routing: async () => ({}) }
  return {
    store,
    stream: world.deps.stream,
    budget: world.deps.leaseBudget,
    fleet: { ...none, gateways: async () => [] },
    gateway: {} as never,
    clock: world.deps.clock,
    meterMs: 60_000,
    goneMs: 0,
  }
}

/** Capacity: GPUs that nobody gives back are lost to their provider, though nobody pays for them. */
test.each([
  ['a lease that its money does not cover', 'requested', 'failed'],
  ['a lease that leaves its node', 'running', 'moving'],
] as const)('%s gives its GPUs back with that step, or does not take it: whoever dies', async (_what, from, to) => {
  const { store } = world
  const lease = await runningLease(0)
  await world.redis.hset(redisKeys.budget(lease.channelId), 'limit', '1')
  await world.redis.hdel(redisKeys.budget(lease.channelId), leaseHoldField(lease.leaseId))
  const stands = await onNode(lease, from)
  const look = (dying: ControlPlaneDeps['store']) => codeOf(advanceLease(lonelyWorker(dying), lease.leaseId))
  await look({ ...store, transaction: (work) => store.transaction(async (tx) => (await work(tx), died())) })
  expect(await stands()).toEqual([from, 1])
  await look({ ...store, leases: { ...store.leases, dropGpus: died } })
  expect(await stands()).toEqual([to, 0])
})
