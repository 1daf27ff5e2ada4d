import { prng } from '@isochrone/domain'
import { expect, test } from 'vitest'
import { decide } from '../decide/decide.ts'
import { NOW_MS, offer, request } from '../decide/fixtures.ts'
import { createReplicaPool } from './replica-pool.ts'

/** Tenants share a pool: what one of them writes into a policy must never become another's. */
test('policies that read alike as text are kept apart, whichever is seen first', () => {
  const pairs = [
    [{ regions: null }, { regions: ['undefined'] }],
    [{ regions: null }, { regions: ['null'] }],
    [{ regions: ['DE'] }, { regions: ['DE,US'] }],
    [{ gpuClasses: ['H200', 'B200'] }, { gpuClasses: ['H200,B200'] }],
    [{ gpuClasses: null }, { gpuClasses: ['undefined'] }],
  ] as const
  for (const [served, refused] of pairs) {
    for (const order of [
      [served, refused],
      [refused, served],
    ]) {
      const pool = createReplicaPool()
      pool.upsert(offer(1))
      for (const policy of order) {
        expect(decide(pool, request({}, policy), prng(1), NOW_MS).kind).toBe(policy === served ? 'placed' : 'none')
      }
    }
  }
})
