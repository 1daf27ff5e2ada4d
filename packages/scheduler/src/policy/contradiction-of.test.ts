import { expect, test } from 'vitest'
import { offer, policy } from '../decide/fixtures.ts'
import { createReplicaPool } from '../pool/replica-pool.ts'
import { contradictionOf } from './contradiction-of.ts'

const pool = createReplicaPool()
for (let n = 0; n < 30; n++) {
  const prices = { inPerMtok: 100_000 + n, cachedPerMtok: 20_000, outPerMtok: 350_000 + n, inPerGb: 0, outPerGb: 0 }
  pool.upsert(
    offer(n, { nodeId: `node_${n}`, prices, country: n < 20 ? 'DE' : 'FR', gpuClass: n < 20 ? 'H200' : 'B200' }),
  )
}
const cap = (inPerMtok: number | null, outPerMtok: number | null) => ({ inPerMtok, outPerMtok, requestMicroUsd: null })

test('a cap below every price is refused with the lowest price and its node', () => {
  expect(contradictionOf({ ...policy, maxPrice: cap(null, 100_000) }, pool)).toEqual({
    field: 'max_price.output',
    reason: 'max_price.output 0.10 USD is below the lowest price on offer, 0.35 USD (node node_0)',
  })
  expect(contradictionOf({ ...policy, regions: ['FR'], maxPrice: cap(100_010, null) }, pool)?.reason).toBe(
    'max_price.input 0.10001 USD is below the lowest price on offer inside the other constraints, 0.10002 USD (node node_20)',
  )
})

test('constraints that nobody meets, alone or together, are named', () => {
  const reasonOf = (change: Partial<typeof policy>) => contradictionOf({ ...policy, ...change }, pool)?.reason
  expect(reasonOf({ regions: ['JP'] })).toBe('regions JP has no replica of this model; there are replicas in DE, FR')
  expect(reasonOf({ gpuClasses: ['L40S'] })).toBe(
    'gpu_classes L40S is offered by no replica of this model; there are B200, H200',
  )
  expect(reasonOf({ minTrust: 'attested' })).toBe(
    'min_trust attested is reached by no replica of this model; there are challenged',
  )
  expect(reasonOf({ dataPolicy: 'no_retention' })).toBe(
    'data_policy no_retention is promised by no replica of this model; there are no_training',
  )
  expect(reasonOf({ regions: ['FR'], gpuClasses: ['H200'] })).toBe(
    'regions and gpu_classes are each possible, but no replica of this model fits all of them',
  )
})

test('a policy that excludes everybody, alone or with others, names exclude', () => {
  const all = [...pool.slots()].map((slot) => pool.offerAt(slot))
  const nodes = all.map(({ nodeId }) => nodeId)
  const contradiction = (change: Partial<typeof policy>) => contradictionOf({ ...policy, ...change }, pool)
  for (const exclude of [nodes, all.map(({ providerId }) => providerId)]) {
    expect(contradiction({ exclude })).toEqual({
      field: 'exclude',
      reason: 'exclude leaves no replica of this model: all 30 are excluded, by node or by provider',
    })
  }
  const french = nodes.slice(20)
  expect(contradiction({ exclude: french })).toBeNull()
  expect(contradiction({ exclude: french, regions: ['FR'] })).toEqual({
    field: 'exclude',
    reason:
      'exclude leaves no replica of this model inside the other constraints: all 10 are excluded, by node or by provider',
  })
  expect(contradiction({ exclude: nodes, regions: ['JP'] })?.field).toBe('regions')
})

test('what is excluded has no price: not alone, and not beside another cap', () => {
  const reasonOf = (exclude: string[], maxPrice: ReturnType<typeof cap>) =>
    contradictionOf({ ...policy, exclude, maxPrice }, pool)?.reason
  expect(reasonOf(['node_0'], cap(null, 350_000))).toBe(
    'max_price.output 0.35 USD is below the lowest price on offer inside the other constraints, 0.350001 USD (node node_1)',
  )
  const crossed = createReplicaPool()
  for (const [n, inPerMtok, outPerMtok] of [
    [0, 100_000, 300_000],
    [1, 100_000, 900_000],
    [2, 900_000, 300_000],
  ] as const) {
    const prices = { inPerMtok, cachedPerMtok: 0, outPerMtok, inPerGb: 0, outPerGb: 0 }
    crossed.upsert(offer(n, { nodeId: `node_${n}`, prices }))
  }
  const both = { ...policy, maxPrice: cap(200_000, 400_000) }
  expect(contradictionOf(both, crossed)).toBeNull()
  expect(contradictionOf({ ...both, exclude: ['node_0'] }, crossed)?.field).toBe('max_price')
})

test('what somebody can serve, and a model that nobody offers, is no contradiction', () => {
  expect(contradictionOf(policy, pool)).toBeNull()
  expect(contradictionOf({ ...policy, maxPrice: cap(100_000, 350_000) }, pool)).toBeNull()
  expect(contradictionOf({ ...policy, regions: ['JP'] }, createReplicaPool())).toBeNull()
})
