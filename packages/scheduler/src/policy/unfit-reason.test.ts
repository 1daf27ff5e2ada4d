import { featureMask } from '@isochrone/domain'
import { expect, test } from 'vitest'
import { NOW_MS, offer, request } from '../decide/fixtures.ts'
import { createReplicaPool } from '../pool/replica-pool.ts'
import { unfitReason } from './unfit-reason.ts'

const tools = featureMask(['tools'])

function poolOf(offers: readonly ReturnType<typeof offer>[]) {
  const pool = createReplicaPool()
  for (const each of offers) pool.upsert(each)
  return pool
}

test('one replica that could serve it, busy or not, is enough', () => {
  const pool = poolOf([offer(1, { contextTokensMax: 512 }), offer(2), offer(3, { features: 0 })])
  expect(unfitReason(pool, request({}, { features: tools }))).toBeNull()
  const full = { atMs: NOW_MS, activeStreams: 640, queuedStreams: 0, ownStreams: 0, draining: true }
  pool.report(pool.slotOf(offer(2).nodeId) as number, full)
  expect(unfitReason(pool, request({}, { features: tools }))).toBeNull()
})

test('engines that lack what it asks for, and contexts that are too short, are each named', () => {
  const short = poolOf([offer(1, { contextTokensMax: 512 }), offer(2, { contextTokensMax: 1_399 })])
  expect(unfitReason(short, request())).toBe('context_too_long')
  expect(unfitReason(short, request({ tokensInMin: 999 }))).toBeNull()
  const text = poolOf([offer(1, { features: 0 }), offer(2, { features: 0, contextTokensMax: 512 })])
  expect(unfitReason(text, request({}, { features: tools }))).toBe('unsupported')
  // One engine can and is too short for it: what remains is the length.
  const mixed = poolOf([offer(1, { features: 0 }), offer(2, { contextTokensMax: 512 })])
  expect(unfitReason(mixed, request({}, { features: tools }))).toBe('context_too_long')
})

test('who is outside the policy counts for nothing, and where nobody is inside it says nothing', () => {
  const pool = poolOf([offer(1, { contextTokensMax: 512 }), offer(2, { country: 'US', region: 'us' })])
  expect(unfitReason(pool, request({}, { regions: ['DE'] }))).toBe('context_too_long')
  expect(unfitReason(pool, request({}, { regions: ['FR'] }))).toBeNull()
  expect(unfitReason(pool, request({}, { exclude: [offer(1).nodeId, offer(2).nodeId] }))).toBeNull()
  expect(unfitReason(poolOf([]), request())).toBeNull()
})
