/** A compiled policy follows changes step by step, and must never be another than one that is compiled now. */
import { prng, type Prng } from '@isochrone/domain'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { decide } from '../decide/decide.ts'
import { NOW_MS, offer, policy, request } from '../decide/fixtures.ts'
import type { RoutingPolicy } from '../placement.ts'
import { AT_CUMULATIVE, CompiledPolicy, ENTRY } from './compiled-policy.ts'
import { createReplicaPool, type ReplicaPool } from './replica-pool.ts'

const countries = ['DE', 'FR', 'US', 'IN', 'JP', 'BR'] as const
const trusts = ['claimed', 'challenged', 'attested'] as const
const classes = ['H100', 'H200', 'B200'] as const
const policies: readonly RoutingPolicy[] = [
  policy,
  { ...policy, regions: ['JP'] },
  { ...policy, regions: ['DE', 'FR'], minTrust: 'challenged' },
  { ...policy, gpuClasses: ['B200'], minTrust: 'attested' },
  { ...policy, maxPrice: { ...policy.maxPrice, outPerMtok: 3_000 } },
  { ...policy, regions: ['nowhere'] },
]

/** Many cells at few price levels, so that the places of a level take several words, or few at many. */
function change(pool: ReplicaPool, rng: Prng, levels: number): void {
  const n = rng.below(900)
  if (rng.unit() < 0.3) return void pool.remove(offer(n).nodeId)
  const { prices } = offer(n)
  const changed = {
    country: countries[rng.below(6)] as string,
    region: `r${rng.below(12)}`,
    trust: trusts[rng.below(3)] as 'claimed',
    gpuClass: classes[rng.below(3)] as string,
    modelHash: rng.unit() < 0.8 ? '0xaa' : '0xbb',
    prices: { ...prices, outPerMtok: Math.round(1_000 * 1.2 ** rng.below(levels)) },
  }
  const slot = pool.upsert(offer(n, changed))
  pool.report(slot, { atMs: NOW_MS, activeStreams: rng.below(9), queuedStreams: 0, ownStreams: 0, draining: false })
}

function expectAsAnew(pool: ReplicaPool, compiled: CompiledPolicy, anew: CompiledPolicy): void {
  compiled.refresh(pool.index)
  anew.refresh(pool.index)
  const { entries, entriesEnd } = compiled
  expect(compiled.eligible).toBe(anew.eligible)
  expect([...compiled.ends]).toEqual([...anew.ends])
  expect([...entries.subarray(0, entriesEnd)]).toEqual([...anew.entries.subarray(0, anew.entriesEnd)])
  // Where a guide is off by some entries, a search walks over what lies behind the last.
  const behind = entries.subarray(entriesEnd).filter((_, i) => i % ENTRY === AT_CUMULATIVE)
  expect(behind.every((sum) => sum === 2 ** 31 - 1)).toBe(true)
  expect(Math.max(...compiled.guide)).toBeLessThan(entries.length)
  const slots = [...pool.slots()]
  const admitted = slots.filter((slot) => compiled.admitsSlot(slot, pool.index))
  expect(admitted).toEqual(slots.filter((slot) => anew.admits(pool.index.cellOf(slot), pool.index)))
  expect(admitted.length).toBe(compiled.eligible)
}

test('a policy that followed every change, some or none for long is what it would be compiled now', () => {
  fc.assert(
    fc.property(fc.nat(2 ** 31), fc.integer({ min: 1, max: 12 }), (seed, levels) => {
      const rng = prng(seed)
      const pool = createReplicaPool()
      const followed = [null, '0xbb'].flatMap((build) =>
        policies.map((each) => ({ each, build, compiled: new CompiledPolicy(each, build, 0) })),
      )
      for (let i = 0; i < 1_500; i++) {
        change(pool, rng, levels)
        // The first is asked nearly always, the last hardly ever.
        for (const [k, { compiled }] of followed.entries()) {
          if (rng.below(1 + 2 ** k) === 0) compiled.refresh(pool.index)
        }
        if (i % 300 !== 299) continue
        const { each, build, compiled } = followed[rng.below(followed.length)] as (typeof followed)[number]
        expectAsAnew(pool, compiled, new CompiledPolicy(each, build, 0))
      }
      for (const { each, build, compiled } of followed) {
        expectAsAnew(pool, compiled, new CompiledPolicy(each, build, 0))
      }
    }),
    { numRuns: 6 },
  )
})

test('when a policy caught up with the changes makes no difference to what is decided', () => {
  fc.assert(
    fc.property(fc.nat(2 ** 31), fc.integer({ min: 1, max: 12 }), (seed, levels) => {
      const decisionsOf = (isFollowing: boolean): unknown[] => {
        const rng = prng(seed)
        const pool = createReplicaPool()
        for (let i = 0; i < 1_200; i++) {
          change(pool, rng, levels)
          const asked = policies[rng.below(policies.length)] as RoutingPolicy
          if (isFollowing) pool.compiled(asked, null, 100).refresh(pool.index)
        }
        return Array.from({ length: 60 }, (_, i) => {
          const decision = decide(pool, request({}, policies[i % policies.length]), rng, NOW_MS)
          return decision.kind === 'placed' ? [decision.slot, decision.alternates, decision.ttftMs] : decision.reason
        })
      }
      expect(decisionsOf(true)).toEqual(decisionsOf(false))
    }),
    { numRuns: 4 },
  )
})
