/** Affinity: later turns of a conversation follow the longest match, and what all prompts share draws nobody. */
import { prng } from '@isochrone/domain'
import { expect, test } from 'vitest'
import type { AttemptWork } from '../offer.ts'
import * as col from '../pool/columns.ts'
import { createReplicaPool } from '../pool/replica-pool.ts'
import { decide } from './decide.ts'
import { NOW_MS, offer, request } from './fixtures.ts'

const replicas = 8
const systemPrompt = 1
const work: AttemptWork = { tokensIn: 1_000, tokensCached: 0, tokensOut: 200 }

function poolOfEqual() {
  const pool = createReplicaPool({ tuning: { explorationShare: 0 } })
  for (let n = 0; n < replicas; n++) pool.upsert(offer(n))
  return pool
}

test('with a few streams a replica, a conversation stays with the replica that has its longest prefix', () => {
  const pool = poolOfEqual()
  const rng = prng(1)
  pool.prefix.note(5, [systemPrompt, 20, 21])
  pool.prefix.note(6, [systemPrompt, 20])
  for (let n = 0; n < 4; n++) pool.opened(5, work)
  for (let n = 0; n < 50; n++) {
    const turn = request({ prefixHashes: [systemPrompt, 20, 21, 22], prefixBlockTokens: 256 })
    expect(decide(pool, turn, rng, NOW_MS)).toMatchObject({ kind: 'placed', slot: 5 })
  }
})

test('a holder that is loaded in its own measure and above the mean is not credited with what it holds', () => {
  const pool = poolOfEqual()
  pool.prefix.note(5, [systemPrompt, 20, 21])
  for (let n = 0; n < 20; n++) pool.opened(5, work)
  const turn = request({ prefixHashes: [systemPrompt, 20, 21, 22], prefixBlockTokens: 256 })
  const { candidates } = decide(pool, turn, prng(1), NOW_MS).record()
  expect(candidates.map(({ tokensCached }) => tokensCached)).toEqual(Array.from({ length: replicas }, () => 0))
})

test('what all prompts begin with is credited to everybody, and new conversations go where fewest streams run', () => {
  const pool = poolOfEqual()
  const rng = prng(3)
  for (let n = 0; n < 3 * replicas; n++) pool.prefix.note(n % replicas, [systemPrompt, 100 + n])
  for (let n = 0; n < 4 * replicas; n++) {
    const turn = request({ prefixHashes: [systemPrompt, 1_000 + n, 2_000 + n], prefixBlockTokens: 256 })
    const decision = decide(pool, turn, rng, NOW_MS)
    if (decision.kind === 'none') throw new Error('there is room for all')
    expect(new Set(decision.record().candidates.map(({ tokensCached }) => tokensCached))).toEqual(new Set([256]))
    pool.opened(decision.slot, work)
    pool.prefix.note(decision.slot, turn.prefixHashes)
  }
  for (let slot = 0; slot < replicas; slot++) expect(pool.rows[slot * col.ROW + col.ACTIVE]).toBe(4)
})
