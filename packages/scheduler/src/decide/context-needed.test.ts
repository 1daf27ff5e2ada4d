/** A limit that nobody named turns no replica away by its context; money counts all of it. */
import { prng } from '@isochrone/domain'
import { expect, test } from 'vitest'
import { explainDecision } from '../explain/explain-decision.ts'
import { parsePlacementRecord } from '../explain/parse-placement-record.ts'
import { replayDecision } from '../explain/replay-decision.ts'
import { whyNoCapacity } from '../explain/why-no-capacity.ts'
import type { PlacementRequest, RoutingPolicy } from '../placement.ts'
import { constraintRejection } from '../pool/replica-state.ts'
import { createReplicaPool, type ReplicaPool } from '../pool/replica-pool.ts'
import { decide } from './decide.ts'
import { NOW_MS, offer, request } from './fixtures.ts'

const small = offer(1, { contextTokensMax: 2_048 })
const unnamed = (change: Partial<PlacementRequest> = {}, policy: Partial<RoutingPolicy> = {}): PlacementRequest =>
  request({ tokensOutMax: 4_096, tokensOutNeeded: 256, ...change }, policy)
const reasonOn = (pool: ReplicaPool, asked: PlacementRequest) => {
  const decision = decide(pool, asked, prng(1), NOW_MS)
  return decision.kind === 'placed' ? null : decision.reason
}
const poolOf = (...offers: Parameters<ReplicaPool['upsert']>[0][]): ReplicaPool => {
  const pool = createReplicaPool()
  for (const each of offers) pool.upsert(each)
  return pool
}

test('a replica with room for what is needed serves, whatever is reserved', () => {
  const pool = poolOf(small)
  for (const [asked, reason] of [
    [unnamed(), null],
    [unnamed({ tokensIn: 1_792 }), null],
    [unnamed({ tokensIn: 1_793 }), 'context_too_long'],
    [request({ tokensOutMax: 4_096 }), 'context_too_long'],
    [request({ tokensOutMax: 1_048 }), null],
  ] as const) {
    expect(reasonOn(pool, asked)).toBe(reason)
    expect(constraintRejection(small, asked)).toBe(reason)
  }
})

test('a cap on the whole price is held against all that is reserved', () => {
  const maxPrice = { inPerMtok: null, outPerMtok: null, requestMicroUsd: 1_000 }
  expect(reasonOn(poolOf(small), unnamed({}, { maxPrice }))).toBe('over_price_cap')
  expect(constraintRejection(small, unnamed({}, { maxPrice }))).toBe('over_price_cap')
  expect(reasonOn(poolOf(small), request({ tokensOutMax: 256 }, { maxPrice }))).toBeNull()
})

test('a record of it replays, and says of those that are too small what would have been needed', () => {
  const pool = poolOf(small, offer(2, { contextTokensMax: 1_100 }), offer(3))
  for (const asked of [unnamed(), unnamed({ tokensIn: 5_000 }), request()]) {
    const made = decide(pool, asked, prng(3), NOW_MS).record()
    const read = parsePlacementRecord(JSON.parse(JSON.stringify(made)))
    expect(read.request.tokensOutNeeded).toBe(asked.tokensOutNeeded)
    expect(replayDecision(read).differences).toEqual([])
  }
  const record = decide(pool, unnamed(), prng(3), NOW_MS).record()
  expect(record.rejected).toContainEqual({ nodeId: offer(2).nodeId, reason: 'context_too_long' })
  expect(record.rejected).toHaveLength(1)
  expect(() => parsePlacementRecord({ ...record, request: { ...record.request, tokensOutNeeded: 'x' } })).toThrow()
  expect(explainDecision(record)).not.toContain('needs 5096')
})

test('of a pool too large to be looked at in full, all that have room are in the draw', () => {
  const pool = createReplicaPool({ tuning: { wholeMax: 8 } })
  for (let n = 0; n < 60; n++) pool.upsert(offer(n, { contextTokensMax: 16_384 }))
  pool.upsert(offer(60, { country: 'FR', region: 'eu-fr' }))
  for (const [tokensOutNeeded, eligible] of [
    [256, 60],
    [undefined, 0],
  ] as const) {
    const asked = unnamed({ tokensOutMax: 100_000, tokensOutNeeded }, { regions: ['DE'] })
    const record = decide(pool, asked, prng(1), NOW_MS).record()
    expect([record.eligible, record.rejected.length]).toEqual([eligible, 61 - eligible])
  }
  const maxPrice = { inPerMtok: null, outPerMtok: 1, requestMicroUsd: null }
  expect(reasonOn(pool, unnamed({ tokensOutMax: 100_000 }, { maxPrice }))).toBe('over_price_cap')
})

test('who is told to ask for less is placed when he does, in all of what he then asks for', () => {
  const pool = poolOf(small)
  expect(whyNoCapacity(pool, unnamed(), NOW_MS).changes).toEqual([])
  const [change] = whyNoCapacity(pool, unnamed({ tokensIn: 2_000 }), NOW_MS).changes
  expect(change?.sentence).toContain('ask for at most 48 tokens of output instead of 4,096')
  expect(change?.request).toMatchObject({ tokensOutMax: 48 })
  expect(change?.request.tokensOutNeeded).toBeUndefined()
  expect(change && reasonOn(pool, change.request)).toBeNull()
})
