/** A lease by constraints goes to the cheapest node that meets all of them, and says what would help where none does. */
import { isAppError } from '@isochrone/domain'
import { replayDecision } from '@isochrone/scheduler'
import { expect, test } from 'vitest'
import { RENTAL_MODEL, rentalMarket, rentalNode, type RentalNode } from '../testing/rental-market.ts'
import { chooseNode } from './choose-node.ts'
import { gpuMemoryMibOf, type LeaseConstraints } from './lease-constraints.ts'
import type { ChosenNode, LeaseWish, NoNode } from './lease-wish.ts'

const anything: LeaseConstraints = {
  gpuClasses: [],
  gpuMemoryGibMin: null,
  regions: [],
  dataPolicy: 'any',
  minTrust: 'claimed',
}
const wish: LeaseWish = {
  id: 'lease_0000000a',
  orgId: 'org_1',
  model: RENTAL_MODEL,
  gpus: 2,
  perGpuHourMaxMicroUsd: 3_000_000n,
}
const choose = (
  nodes: RentalNode[],
  constraints: Partial<LeaseConstraints> = {},
  change: Partial<LeaseWish> = {},
  routing = {},
) => chooseNode(rentalMarket(nodes, { routing }), { ...wish, ...change, constraints: { ...anything, ...constraints } })
const nameOf = (found: ChosenNode | NoNode): string => ('reason' in found ? found.reason : found.state.name)

test('the cheapest of those that meet every constraint, however near a dearer one is', async () => {
  const wrong = [
    rentalNode('class', 1, { gpuClass: 'L40S', trust: 'challenged', dataPolicy: 'no_training' }),
    rentalNode('memory', 1, { gpuMemoryMib: 46_068, trust: 'challenged', dataPolicy: 'no_training' }),
    rentalNode('unknown', 1, { gpuMemoryMib: null, trust: 'challenged', dataPolicy: 'no_training' }),
    rentalNode('place', 1, { country: 'US', trust: 'challenged', dataPolicy: 'no_training' }),
    rentalNode('data', 1, { trust: 'challenged' }),
    rentalNode('trust', 1, { dataPolicy: 'no_training' }),
    rentalNode('full', 1, { taken: 7, trust: 'challenged', dataPolicy: 'no_training' }),
    rentalNode('small', 1, { gpus: 1, trust: 'challenged', dataPolicy: 'no_training' }),
    rentalNode('barred', 1, { barred: 'checks', trust: 'challenged', dataPolicy: 'no_training' }),
    rentalNode('dear', 3.01, { trust: 'challenged', dataPolicy: 'no_training' }),
  ]
  const right = [
    rentalNode('near', 2.01, { rttMs: 1, trust: 'attested', dataPolicy: 'no_retention' }),
    rentalNode('cheap', 2, { rttMs: 400, trust: 'challenged', dataPolicy: 'no_training' }),
  ]
  const constraints = {
    gpuClasses: ['h200'],
    gpuMemoryGibMin: 140,
    regions: ['EU'],
    dataPolicy: 'no_training',
    minTrust: 'challenged',
  } as const
  const found = await choose([...wrong, ...right], { ...constraints, gpuClasses: ['h200'], regions: ['EU'] })
  if ('reason' in found) throw new Error(found.reason)
  expect(found.state.name).toBe('cheap')
  expect(found.among).toEqual({ nodes: 2, nextPerGpuHourMicroUsd: 2_010_000n })
  expect(replayDecision(found.record).differences).toEqual([])
})

/** Fairness: whoever asks the same price is asked as often. */
test('equally cheap and equally near nodes are drawn equally often, in whatever order they stand', async () => {
  const nodes = ['a', 'b', 'c'].map((name) => rentalNode(name, 2))
  const counts = new Map<string, number>()
  for (let draw = 0; draw < 300; draw++) {
    const id = `lease_${((draw * 2_654_435_761) % 2 ** 32).toString(16).padStart(8, '0')}`
    const name = nameOf(await choose(draw % 2 === 0 ? nodes : nodes.toReversed(), {}, { id }))
    counts.set(name, (counts.get(name) ?? 0) + 1)
  }
  // 41 are five standard deviations.
  for (const name of ['a', 'b', 'c']) expect(Math.abs((counts.get(name) ?? 0) - 100)).toBeLessThan(41)
})

test('where none meets them, the smallest change that would let one in is named, with how many it lets in', async () => {
  const none = async (nodes: RentalNode[], constraints: Partial<LeaseConstraints>, change: Partial<LeaseWish> = {}) =>
    nameOf(await choose(nodes, constraints, change))
  const two = [rentalNode('a', 2), rentalNode('b', 2.5)]
  expect(await none(two, {}, { perGpuHourMaxMicroUsd: 1_000_000n })).toBe(
    'No node meets all of this now. It would be enough to allow $2.00 for a GPU and hour (1 node).',
  )
  expect(await none(two, { regions: ['FR'] })).toBe(
    'No node meets all of this now. It would be enough to allow DE (2 nodes).',
  )
  expect(await none([rentalNode('a', 2, { taken: 7 })], {})).toBe(
    'No node meets all of this now. It would be enough to take 1 GPU (1 node).',
  )
  expect(await none([rentalNode('a', 2, { taken: 8 })], {})).toBe('Every GPU that meets all of this is leased now.')
  expect(await none(two, { gpuMemoryGibMin: 200 })).toBe(
    'No node meets all of this now. It would be enough to take 140 GiB of memory (2 nodes).',
  )
  const mixed = [
    rentalNode('dear', 4),
    rentalNode('us', 2, { country: 'US' }),
    rentalNode('both', 1, { country: 'US', gpuClass: 'L40S' }),
  ]
  expect(await none(mixed, { regions: ['DE'], gpuClasses: ['H200'] })).toBe(
    'No node meets all of this now. It would be enough to allow $4.00 for a GPU and hour (1 node) or to allow US (1 node).',
  )
  expect(await none(mixed.slice(2), { regions: ['DE'], gpuClasses: ['H200'] })).toBe(
    'No node meets all of this now. It would be enough to allow US and allow the GPU class L40S (1 node).',
  )
  expect(await none([], {})).toBe('No node that offers GPUs for lease serves m now.')
  expect(await none([rentalNode('a', 2, { barred: 'checks' })], {})).toMatch(/a check of it has failed/)
})

/** What is proposed lets a node in: asked so, the lease is placed. */
test('a named change, made, places the lease', async () => {
  const nodes = [rentalNode('a', 2, { taken: 5, trust: 'challenged' }), rentalNode('b', 2.5, { country: 'FR' })]
  const asked = { regions: ['DE'], minTrust: 'challenged' } as const
  const reason = nameOf(await choose(nodes, { ...asked, regions: ['DE'] }, { gpus: 4 }))
  expect(reason).toContain('take 3 GPUs (1 node)')
  expect(nameOf(await choose(nodes, { ...asked, regions: ['DE'] }, { gpus: 3 }))).toBe('a')
})

/** An organisation's policy binds its leases: constraints only tighten it. */
test('a change that the organisation forbids is not proposed but named as its limit', async () => {
  const nodes = [rentalNode('us', 2, { country: 'US' })]
  expect(nameOf(await choose(nodes, {}, {}, { regions: ['DE', 'FR'] }))).toBe(
    "No node meets all of this now. Your organisation's policy allows only DE, FR; an owner can change it.",
  )
  expect(nameOf(await choose(nodes, {}, {}, { exclude: ['node_us'] }))).toBe(
    'No node meets all of this now. Your organisation’s policy excludes a node that would do; an owner can change it.',
  )
  const refused = await choose(nodes, { regions: ['US'] }, {}, { regions: ['DE'] }).catch((error: unknown) => error)
  expect(isAppError(refused) && [refused.code, refused.field]).toEqual(['invalid_input', 'constraints.regions'])
  const misspelt = await choose(nodes, { regions: ['UK'] }).catch((error: unknown) => error)
  expect(isAppError(misspelt) && misspelt.field).toBe('constraints.regions.0')
})

test('memory is that of the smallest GPU, of a machine without GPUs its own, and unknown where nobody detected it', () => {
  const machine = { cpuModel: 'x', cpuCores: 8, memoryMib: 64_000, agentVersion: '1', os: 'Linux' }
  const gpu = (memoryMib: number, count = 1) => ({ name: 'g', count, memoryMib, uuids: [] })
  expect(gpuMemoryMibOf({ ...machine, hardware: 'x', gpus: [gpu(81_559), gpu(46_068), gpu(1, 0)] })).toBe(46_068)
  expect(gpuMemoryMibOf({ ...machine, hardware: 'AMD EPYC (8 cores)', gpus: [] })).toBe(64_000)
  expect(gpuMemoryMibOf({ ...machine, hardware: '8 × NVIDIA H200 (simulated)', gpus: [] })).toBeNull()
  expect(gpuMemoryMibOf(null)).toBeNull()
})
