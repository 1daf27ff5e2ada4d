/** A lease from its engine's start to its end, step by step: what is billed, what is held, and what is left running. */
import { expect, test } from 'vitest'
import { leaseWorld } from '../testing/lease-world.ts'
import { advanceLease } from './advance-lease.ts'

const GPUS = 2n

test('a lease whose time is up ends by itself, billed to the millisecond, however late the worker looks', async () => {
  const world = leaseWorld({ durationMs: 90_000 })
  await world.lookUntil(() => world.lease.status === 'running' && world.receipts.length > 0)
  // The worker is away over the end of the lease.
  world.clock.advanceMs(37_123)
  await world.lookOn()
  expect(world.lease).toMatchObject({ status: 'expired', billedMicroUsd: 90_000n * GPUS, expires: true })
  expect(world.receipts.at(-1)?.toMs).toBe(Number(world.lease.endsAtMs))
  expect(world.events.at(-1)?.details).toEqual({
    billedMicroUsd: '180000',
    releasedMicroUsd: (world.lease.reservedMicroUsd - 180_000n).toString(),
  })
  // Nothing is left: no engine, no GPUs, no money.
  expect([world.node.engineSinceMs, world.takenGpus(), world.held.size]).toEqual([null, 0, 0])
  expect(await advanceLease(world.deps, world.lease.id)).toEqual({ kind: 'done' })
})

test('a lease whose money is used up ends, and is billed no more than was held', async () => {
  // A minute's worth and a half, of the two and a half that it is rented for.
  const world = leaseWorld({ durationMs: 150_000, reservedMicroUsd: 180_000n })
  await world.lookOn()
  expect(world.lease).toMatchObject({ status: 'stopped', billedMicroUsd: 60_000n * GPUS })
  expect(world.lease.billedMicroUsd).toBeLessThanOrEqual(world.lease.reservedMicroUsd)
  expect(world.events.find(({ event }) => event === 'stop')?.details).toEqual({ by: 'money' })
  expect([world.node.engineSinceMs, world.takenGpus(), world.held.size]).toEqual([null, 0, 0])
})

test('after a restart of the agent its engine is started again, and the gap is not billed but added to the end', async () => {
  const world = leaseWorld({ durationMs: 300_000 })
  await world.lookUntil(() => world.receipts.length === 1)
  const endedAt = Number(world.lease.endsAtMs)
  world.clock.advanceMs(20_000)
  world.node.engineSinceMs = null
  await world.lookUntil(() => world.lease.creditMs > 0n)
  expect(world.lease).toMatchObject({ status: 'running', moves: 1, error: null })
  expect(world.node.started).toBe(2)
  const { creditMs } = world.lease
  // From the last reading on: nobody signed for what was served after it.
  expect(creditMs).toBeGreaterThanOrEqual(20_000n)
  expect(Number(world.lease.endsAtMs)).toBe(endedAt + Number(creditMs))
  expect(world.lease.creditMicroUsd).toBe(creditMs * GPUS)
  await world.lookOn()
  expect(world.lease).toMatchObject({ status: 'expired', billedMicroUsd: 300_000n * GPUS })
  for (const [index, { fromMs }] of world.receipts.entries()) {
    expect(fromMs).toBeGreaterThanOrEqual(world.receipts[index - 1]?.toMs ?? 0)
  }
})

test('a node that stays away longer than a moment loses the lease; nothing is billed for the time without it', async () => {
  const world = leaseWorld({ durationMs: 120_000 })
  await world.lookUntil(() => world.lease.status === 'running')
  world.node.linked = false
  await world.lookUntil(() => world.lease.status === 'moving')
  expect(world.takenGpus()).toBe(0)
  world.clock.advanceMs(30_000)
  world.node.linked = true
  await world.lookOn()
  expect(world.lease).toMatchObject({ status: 'expired', billedMicroUsd: 120_000n * GPUS })
  expect(world.lease.creditMs).toBeGreaterThanOrEqual(30_000n)
})

test('a lease ends only when its last receipt is stored: money is given back once, and none too much', async () => {
  const world = leaseWorld({ durationMs: 90_000 })
  await world.lookUntil(() => world.receipts.length === 1)
  world.node.storesReceipts = false
  await world.lookUntil(() => world.lease.status === 'stopping' && !world.lease.holdsGpus)
  world.clock.advanceMs(5_000)
  expect(await advanceLease(world.deps, world.lease.id)).toMatchObject({ kind: 'again' })
  expect(world.held.size).toBe(1)
  world.node.storesReceipts = true
  world.store()
  await world.lookOn()
  expect(world.lease).toMatchObject({ status: 'expired', billedMicroUsd: 90_000n * GPUS })
  expect(world.held.size).toBe(0)
})

test('two workers that look at once read the meter for no time twice', async () => {
  const world = leaseWorld({ durationMs: 180_000 })
  await world.lookUntil(() => world.lease.status === 'running')
  for (let second = 0; second < 300 && world.lease.endedAt === null; second++) {
    await Promise.all([advanceLease(world.deps, world.lease.id), advanceLease(world.deps, world.lease.id)])
    world.clock.advanceMs(1_000)
  }
  expect(world.lease).toMatchObject({ status: 'expired', billedMicroUsd: 180_000n * GPUS })
  expect(world.events.filter(({ event }) => event === 'expire')).toHaveLength(1)
  expect(world.takenGpus()).toBe(0)
})

/** As an organisation extends it: row and money in one step, between the worker's look and its next word. */
function extendIt(world: ReturnType<typeof leaseWorld>, moreMs: bigint): void {
  world.lease.durationMs += moreMs
  if (world.lease.endsAtMs !== null) world.lease.endsAtMs += moreMs
  world.lease.reservedMicroUsd += moreMs * GPUS + 64n
}

test('one that is extended while its engine starts runs for all of the time that it is paid for', async () => {
  const world = leaseWorld({ durationMs: 90_000 })
  const gateway = { ...world.deps.gateway }
  let starts = 0
  world.deps.gateway.provision = async (...asked) => {
    if (++starts === 1) extendIt(world, 60_000n)
    return gateway.provision(...asked)
  }
  await world.lookOn()
  expect(world.lease).toMatchObject({ status: 'expired', billedMicroUsd: 150_000n * GPUS, moves: 0, creditMs: 0n })
})

test('one that is extended while its last money is counted goes on', async () => {
  const world = leaseWorld({ durationMs: 150_000, reservedMicroUsd: 180_000n })
  const gateway = { ...world.deps.gateway }
  world.deps.gateway.read = async (...asked) => {
    const answer = await gateway.read(...asked)
    if (answer.kind === 'spent' && world.lease.durationMs === 150_000n) extendIt(world, 60_000n)
    return answer
  }
  await world.lookUntil(() => world.lease.durationMs > 150_000n)
  expect(world.lease.status).toBe('running')
  await world.lookUntil(() => world.lease.billedMicroUsd === 240_000n)
})

test('one whose time is extended as it ends goes on to its new end', async () => {
  const world = leaseWorld({ durationMs: 90_000 })
  await world.lookUntil(() => world.lease.status === 'running' && world.receipts.length > 0)
  world.clock.advanceMs(40_000)
  const leases = { ...world.deps.store.leases }
  let isRead = false
  world.deps.store.leases.get = async (id) => {
    const row = await leases.get(id)
    // The worker has read the row; the extension comes before its step.
    if (!isRead) extendIt(world, 60_000n)
    isRead = true
    return row
  }
  await advanceLease(world.deps, world.lease.id)
  expect(world.lease.status).toBe('running')
  await world.lookOn()
  expect(world.lease).toMatchObject({ status: 'expired', billedMicroUsd: 150_000n * GPUS })
})
