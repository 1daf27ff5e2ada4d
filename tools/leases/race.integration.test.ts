/** 200 buyers race for 20 GPUs through the API, on real Postgres and Redis: who is told what, and where the money is. */
import { apiErrorOf, createCaller } from '@isochrone/api'
import { createDb, createStore, sayBusy } from '@isochrone/db'
import { isAppError, manualClock } from '@isochrone/domain'
import { bytes32Of, leaseHoldField, redisKeys, type NodeLiveness } from '@isochrone/protocol'
import {
  createControlPlane,
  makeTerms,
  noPromises,
  publishBudgetLimits,
  type ControlPlane,
  type Viewer,
} from '@isochrone/services'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { startTestControlPlane, type TestControlPlane } from '../start/seed/test-control-plane.ts'

const BUYERS = 200
const GPUS = 20
const POOR = 40
const PROVIDER = `0x${'a1'.repeat(32)}` as const
const NODE = `0x${'00'.repeat(12)}${'b2'.repeat(20)}` as const
const MODEL = 'raced-model'
const RICH_MICRO_USD = 10_000_000n

let world: TestControlPlane
let controlPlane: ControlPlane
/** It stands still: no quote ends while a busy machine gets to it. */
const clock = manualClock(Date.now())
/** Tries of whoever is told that the database is busy. */
const TRIES_MAX = 50

const channelOf = (index: number) => `0x${(index + 1).toString(16).padStart(64, '0')}`
const orgOf = (index: number) => `org_${index}`
const isPoor = (index: number) => index % (BUYERS / POOR) === 0

beforeAll(async () => {
  world = await startTestControlPlane()
  controlPlane = createControlPlane({ ...world.deps, clock })
  const { db, redis, store } = world
  const terms = makeTerms({
    providerId: PROVIDER,
    prices: {
      inMicroUsdPerMtok: 1n,
      cachedMicroUsdPerMtok: 1n,
      outMicroUsdPerMtok: 1n,
      inMicroUsdPerGb: 0n,
      outMicroUsdPerGb: 0n,
    },
    promises: noPromises,
    document: {
      version: 3,
      nodeName: 'raced',
      region: 'local',
      country: 'DE',
      simulated: true,
      sharedHost: true,
      tier: 'regional',
      dataPolicy: 'any',
      gpus: GPUS,
    },
    perGpuHourMicroUsd: 3_000_000n,
  })
  const address = `0x${'f1'.repeat(20)}`
  const row = { orgId: 'org_p', name: 'Provider', ownerAddress: address, payoutAddress: address, salt: channelOf(0) }
  await db.organization.create({ data: { id: 'org_p', name: 'Provider', slug: 'provider' } })
  await db.provider.create({ data: { id: PROVIDER, feeBps: 0, stakeMicroUsd: 100_000_000n, ...row } })
  await store.providers.insertTerms({ ...terms, providerId: PROVIDER })
  const place = { region: 'local', country: 'DE', failureDomain: 'one', status: 'active' } as const
  const names = { nodeId: NODE, id: 'node_raced', name: 'raced', providerId: PROVIDER, termsHash: terms.hash }
  await db.node.create({ data: { ...names, ...place } })
  await redis.hset(redisKeys.nodes, NODE, JSON.stringify(liveness()))
  const buyers = Array.from({ length: BUYERS }, (_, index) => index)
  await db.organization.createMany({
    data: buyers.map((index) => ({ id: orgOf(index), name: `Buyer ${index}`, slug: orgOf(index) })),
  })
  await db.channel.createMany({
    data: buyers.map((index) => {
      const microUsd = isPoor(index) ? 1_000n : RICH_MICRO_USD
      const id = channelOf(index)
      const custody = { custody: 'managed', ownerAddress: address, salt: id } as const
      return { id, orgId: orgOf(index), ...custody, depositedMicroUsd: microUsd, ceilingMicroUsd: microUsd }
    }),
  })
  await publishBudgetLimits({ ...store.chain, ...store.requests, holds: (ids) => store.leases.holds(ids), redis })
}, 300_000)
afterAll(() => world?.stop())

function liveness(): NodeLiveness {
  const model = { model: MODEL, modelHash: PROVIDER, contextTokensMax: 8_192, quantisation: 'fp8', simulated: true }
  const load = { concurrencyMax: 8, activeStreams: 0, queuedStreams: 0, draining: false }
  const none = {
    rttMs: 1,
    simulatedRttMs: null,
    ttftP50Ms: null,
    ttftP95Ms: null,
    tokensPerSecond: null,
    estimate: null,
  }
  const place = { nodeId: NODE, lane: PROVIDER, gatewayUrl: 'http://127.0.0.1:1', hardware: 'none' }
  // Ahead of its time: nobody reports while the test runs.
  return { ...place, seenAtMs: Date.now() + 600_000, linkedSinceMs: 0, models: [model], ...load, ...none }
}

function callerOf(index: number, plane = controlPlane) {
  const org = { id: orgOf(index), name: 'Buyer', slug: 'b', role: 'owner' as const, providerId: null }
  const viewer: Viewer = {
    userId: `user_${index}`,
    name: 'B',
    email: 'b@example.test',
    admin: false,
    organisations: [org],
    activeOrganisation: org,
  }
  return createCaller({ controlPlane: plane, viewer })
}

const wish = { model: MODEL, gpus: 1, durationMinutes: 60, maxPerGpuHourUsd: '3', nodeId: 'node_raced' }
const codeOf = (error: unknown): string => {
  const cause = error instanceof Error ? error.cause : undefined
  return isAppError(cause) ? `${cause.code}: ${cause.publicMessage}` : String(error)
}

/** A sentence about money has to be true: nothing is taken or held of a buyer who is told that nothing was. */
test('a buyer who waits too long for the GPUs’ row is told that nothing was charged, and nothing was', async () => {
  const { ctx, db, deps, redis } = world
  const hurried = createDb(ctx.databaseUrl, { lockWaitMsMax: 300 })
  const buyer = callerOf(1, createControlPlane({ ...deps, clock, store: sayBusy(createStore(hurried)) }))
  const { id: quoteId } = await buyer.leases.quote(wish)
  const nothing = async () => ({
    leases: await db.lease.count(),
    gpus: (await deps.store.leases.takenGpus([NODE])).get(NODE) ?? 0,
    held: Object.keys(await redis.hgetall(redisKeys.budget(channelOf(1)))).filter((name) => name.startsWith('lease:')),
  })
  const told = await db.$transaction(
    async (tx) => {
      await tx.$executeRaw`lock table node_gpus in share row exclusive mode`
      const failure = await buyer.leases.rent({ quoteId }).then(() => null, apiErrorOf)
      expect(await nothing()).toEqual({ leases: 0, gpus: 0, held: [] })
      return failure
    },
    { timeout: 120_000 },
  )
  expect(told).toMatchObject({
    code: 'busy',
    retryable: true,
    publicMessage: expect.stringMatching(/Nothing .*charged/),
  })
  expect(await nothing()).toEqual({ leases: 0, gpus: 0, held: [] })
  await hurried.$disconnect()
})

/** Money and capacity: no GPU twice, no held micro-dollar too many, and nobody left without a reason. */
test('200 buyers race for 20 GPUs: exactly 20 lease, 180 are told why, and the money is exact', async () => {
  const { db, redis, store } = world
  const quotes = await Promise.all(Array.from({ length: BUYERS }, (_, index) => callerOf(index).leases.quote(wish)))
  expect(new Set(quotes.map(({ perGpuHourMicroUsd }) => perGpuHourMicroUsd))).toEqual(new Set([3_000_000n]))
  // Every tenth clicks twice; who has GPUs and no money gives them back for others to try again.
  const confirm = async (index: number) => {
    for (let tries = 1; ; tries++) {
      try {
        return await callerOf(index).leases.rent({ quoteId: quotes[index]?.id ?? '' })
      } catch (error) {
        // As it is told to: a machine with little time for so many.
        if (!codeOf(error).startsWith('busy: ') || tries === TRIES_MAX) throw error
      }
    }
  }
  const attempt = async (index: number) => {
    const again = index % 10 === 1 ? confirm(index) : null
    const [first, second] = await Promise.allSettled([confirm(index), again ?? Promise.reject(new Error('one click'))])
    return again === null || first.status === 'fulfilled' ? first : second
  }
  const outcomes = await Promise.all(quotes.map((_, index) => attempt(index)))
  const isFull = async () => (await store.leases.takenGpus([NODE])).get(NODE) === GPUS
  for (let round = 0; round < 20 && !(await isFull()); round++) {
    for (const [index, outcome] of outcomes.entries()) {
      if (outcome.status !== 'rejected' || isPoor(index)) continue
      outcomes[index] = await attempt(index)
      if (await isFull()) break
    }
  }
  const won = outcomes.flatMap((outcome) => (outcome.status === 'fulfilled' ? [outcome.value] : []))
  const live = won.filter(({ status }) => status !== 'failed')
  expect(live).toHaveLength(GPUS)
  expect(won, 'a lease that failed is told as a refusal').toHaveLength(GPUS)
  expect(new Set(live.map(({ id }) => id)).size).toBe(GPUS)
  const told = outcomes.flatMap((outcome) => (outcome.status === 'rejected' ? [codeOf(outcome.reason)] : []))
  expect(told).toHaveLength(BUYERS - GPUS)
  for (const reason of told) {
    expect(reason).toMatch(/^(capacity_unavailable: Others were quicker|insufficient_balance: The balance)/)
  }
  expect((await store.leases.takenGpus([NODE])).get(NODE)).toBe(GPUS)
  expect(await db.lease.count({ where: { status: { notIn: ['failed'] } } })).toBe(GPUS)

  // What Redis holds is, lease by lease, what the rows say, and nobody else holds anything.
  let held = 0n
  for (let index = 0; index < BUYERS; index++) {
    const fields = await redis.hgetall(redisKeys.budget(channelOf(index)))
    const leases = Object.entries(fields).filter(([name]) => name.startsWith('lease:'))
    const mine = live.find(({ id }) => id === quotes[index]?.id)
    expect(leases).toEqual(mine ? [[leaseHoldField(mine.id), mine.reservedMicroUsd.toString()]] : [])
    for (const [, microUsd] of leases) held += BigInt(microUsd)
  }
  // An hour at $3, a micro-dollar for each reading that can come.
  expect(held).toBe(BigInt(GPUS) * (3_000_000n + 360n + 64n))
}, 300_000)

test('a quote is its organisation’s alone, confirmed twice it is one lease, and stopped it gives everything back', async () => {
  const { db, store } = world
  const mine = await db.lease.findFirstOrThrow({ where: { status: 'provisioning' } })
  const owner = Number(mine.orgId.slice('org_'.length))
  const stranger = callerOf(owner === 1 ? 2 : 1)
  expect(await stranger.leases.detail({ id: mine.id }).catch(codeOf)).toMatch(/^not_found/)
  expect(await stranger.leases.rent({ quoteId: mine.id }).catch(codeOf)).toMatch(/^not_found/)
  expect(await stranger.leases.stop({ id: mine.id }).catch(codeOf)).toMatch(/^not_found/)
  expect((await callerOf(owner).leases.rent({ quoteId: mine.id })).id).toBe(mine.id)
  expect((await store.leases.takenGpus([NODE])).get(NODE)).toBe(GPUS)

  const longer = { id: mine.id, durationMinutes: 30, key: 'click' }
  const extended = await callerOf(owner).leases.extend(longer)
  expect(extended.durationMs).toBe(90 * 60_000)
  expect((await callerOf(owner).leases.extend(longer)).reservedMicroUsd).toBe(extended.reservedMicroUsd)
  // Ten dollars do not cover three hours more.
  const tooLong = callerOf(owner).leases.extend({ id: mine.id, durationMinutes: 180, key: 'another' })
  expect(await tooLong.catch(codeOf)).toMatch(/^insufficient_balance/)

  expect((await callerOf(owner).leases.stop({ id: mine.id })).status).toBe('stopping')
  expect((await callerOf(owner).leases.stop({ id: mine.id })).status).toBe('stopping')
  expect(
    await callerOf(owner)
      .leases.extend({ ...longer, key: 'late' })
      .catch(codeOf),
  ).toMatch(/^state_conflict/)
})

test('the round of leases takes those on which something is to be done, and leaves those alone that run well', async () => {
  const { db, store } = world
  const nowMs = Date.now()
  const due = () => store.leases.dueIds({ nowMs, meteredBeforeMs: nowMs - 65_000, limit: 1_000 })
  const { id } = await db.lease.findFirstOrThrow({ where: { status: 'provisioning' } })
  expect(await due()).toContain(id)
  const served = {
    status: 'running',
    servingSinceMs: BigInt(nowMs - 90_000),
    endsAtMs: BigInt(nowMs + 60_000),
  } as const
  await db.lease.update({ where: { id }, data: { ...served, meteredToMs: BigInt(nowMs - 30_000) } })
  expect(await due()).not.toContain(id)
  const reasons = [
    { meteredToMs: BigInt(nowMs - 70_000) },
    { meteredToMs: null },
    { endsAtMs: BigInt(nowMs) },
    { goneSinceMs: BigInt(nowMs) },
  ]
  for (const reason of reasons) {
    await db.lease.update({
      where: { id },
      data: { ...served, meteredToMs: BigInt(nowMs), goneSinceMs: null, ...reason },
    })
    expect(await due()).toContain(id)
  }
  await db.lease.update({ where: { id }, data: { status: 'stopped' } })
  expect(await due()).not.toContain(id)
})

/** Whoever lost the answer confirms again, often after the minute: the lease is found, or it is said for good that there is none. */
test('after its minute a quote finds the lease that it became, one still being written too, and becomes none any more', async () => {
  const { db, deps } = world
  await db.nodeGpus.update({ where: { nodeId: NODE }, data: { taken: 0 } })
  const [buyer, late] = [
    callerOf(1),
    callerOf(1, createControlPlane({ ...deps, clock: manualClock(clock.nowMs() + 60_000) })),
  ]
  const ids = async () => (await db.lease.findMany({ where: { orgId: orgOf(1) } })).map(({ id }) => id)
  const [rented, unused, slow] = [
    await buyer.leases.quote({ ...wish, durationMinutes: 6 }),
    await buyer.leases.quote(wish),
    await buyer.leases.quote(wish),
  ]
  await buyer.leases.rent({ quoteId: rented.id })
  const before = await ids()
  expect(before).toContain(rented.id)
  expect((await late.leases.rent({ quoteId: rented.id })).id).toBe(rented.id)
  expect(await late.leases.rent({ quoteId: unused.id }).catch(codeOf)).toMatch(/^state_conflict: .* Nothing was rented/)
  expect(await ids()).toEqual(before)

  // Confirmed in the last moment, and not committed yet when it is asked for again.
  const { constraints: _none, ...row } = await db.lease.findUniqueOrThrow({ where: { id: rented.id } })
  let again: Promise<{ id: string }> | undefined
  await db.$transaction(async (tx) => {
    await tx.lease.create({ data: { ...row, id: slow.id, idHash: bytes32Of(slow.id), holdsGpus: false } })
    again = late.leases.rent({ quoteId: slow.id })
    again.catch(() => {})
    await new Promise((resolve) => setTimeout(resolve, 500))
  })
  expect((await again)?.id).toBe(slow.id)
})

/** Money: what once failed for want of it is never shown as rented, however much was added since. */
test('a lease that had no money stays refused with its reason, also with funds; another price rents', async () => {
  const { db, redis, store } = world
  const poor = callerOf(0)
  const { id: quoteId } = await poor.leases.quote(wish)
  const rent = () => poor.leases.rent({ quoteId }).catch(codeOf)
  expect(await rent()).toMatch(/^insufficient_balance: The balance .* ask for another price/)
  const refused = /^insufficient_balance: This lease has failed\. The balance .* Ask for another price/
  expect(await rent()).toMatch(refused)
  const funded = { depositedMicroUsd: RICH_MICRO_USD, ceilingMicroUsd: RICH_MICRO_USD }
  await db.channel.update({ where: { id: channelOf(0) }, data: funded })
  await publishBudgetLimits({ ...store.chain, ...store.requests, holds: (ids) => store.leases.holds(ids), redis })
  expect(await rent()).toMatch(refused)
  const fields = await redis.hgetall(redisKeys.budget(channelOf(0)))
  expect(Object.keys(fields).filter((name) => name.startsWith('lease:'))).toEqual([])
  const other = await poor.leases.quote(wish)
  expect((await poor.leases.rent({ quoteId: other.id })).id).toBe(other.id)
})
