import { prng, type Prng } from '@isochrone/domain'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { decide } from '../decide/decide.ts'
import { NOW_MS, offer, policy, request } from '../decide/fixtures.ts'
import { CompiledPolicy } from './compiled-policy.ts'
import { ACTIVE, OPEN, ROW, SLACK } from './columns.ts'
import { createReplicaPool, type ReplicaPool } from './replica-pool.ts'
import { staticRejection } from './static-rejection.ts'

const countries = ['DE', 'FR', 'US'] as const
const trusts = ['claimed', 'challenged', 'attested'] as const
const kinds = ['finished', 'failed', 'refused', 'cancelled'] as const
const restricted = { ...policy, regions: ['DE', 'FR'], minTrust: 'challenged' as const }

/** Counters, bit sets and eligible counts against a recount of every slot. */
function recount(pool: ReplicaPool): void {
  const compiled = pool.compiled(restricted, null, 100)
  compiled.refresh(pool.index)
  const bySlot = [...pool.slots()]
  const eligible = bySlot.filter((slot) => staticRejection(pool.offerAt(slot), restricted) === null)
  expect(compiled.eligible).toBe(eligible.length)
  // Caught up step by step, it is what it would be if it were compiled now.
  const anew = new CompiledPolicy(restricted, null, 0)
  anew.refresh(pool.index)
  expect([...compiled.entries.subarray(0, compiled.entriesEnd)]).toEqual([...anew.entries.subarray(0, anew.entriesEnd)])
  let found = 0
  for (const cell of pool.index.cells()) {
    const { bucket, place } = cell
    const start = bucket.starts[place] as number
    const slots = [...pool.index.slab.data.subarray(start, start + (bucket.counts[place] as number))]
    found += slots.length
    const having = (bit: number): number => slots.filter((slot) => ((pool.flags[slot] as number) & bit) !== 0).length
    expect(slots.every((slot) => pool.index.cellOf(slot) === cell)).toBe(true)
    expect([bucket.opens[place], bucket.slacks[place]]).toEqual([having(OPEN), having(SLACK)])
    const bit = (words: Int32Array): number => ((words[place >>> 5] as number) >>> (place & 31)) & 1
    expect(bit(bucket.openBits)).toBe(having(OPEN) > 0 ? 1 : 0)
    expect(bit(bucket.slackBits)).toBe(having(SLACK) > 0 ? 1 : 0)
  }
  expect(found).toBe(pool.size)
  const streams = bySlot.reduce((sum, slot) => sum + (pool.rows[slot * ROW + ACTIVE] as number), 0)
  expect(pool.streamsTotal).toBeCloseTo(streams, 6)
}

function step(pool: ReplicaPool, rng: Prng, live: { slot: number; nodeId: string }[], nowMs: number): void {
  const n = rng.below(120)
  const slot = pool.slotOf(offer(n).nodeId)
  const work = { tokensIn: 500 + rng.below(4_000), tokensCached: 0, tokensOut: 200 }
  switch (rng.below(8)) {
    case 0:
    case 1: {
      const outPerMtok = 1 << (10 + rng.below(10))
      const place = { country: countries[rng.below(3)] as string, trust: trusts[rng.below(3)] as 'claimed' }
      pool.upsert(offer(n, { ...place, prices: { ...offer(n).prices, outPerMtok }, concurrencyMax: 1 + rng.below(20) }))
      return
    }
    case 2:
      if (slot !== undefined) pool.remove(offer(n).nodeId)
      return
    case 3:
    case 4:
      if (slot === undefined) return
      pool.report(slot, {
        atMs: nowMs - rng.below(9_000),
        activeStreams: rng.below(40),
        queuedStreams: 0,
        ownStreams: 0,
        draining: rng.below(10) === 0,
      })
      return
    case 5: {
      const decision = decide(pool, request({}, restricted), rng, nowMs)
      if (decision.kind === 'none') return
      pool.opened(decision.slot, work)
      live.push({ slot: decision.slot, nodeId: pool.offerAt(decision.slot).nodeId })
      return
    }
    default: {
      const ended = live.splice(rng.below(live.length + 1), 1)[0]
      if (!ended || pool.slotOf(ended.nodeId) !== ended.slot) return
      const outcome = { ...work, concurrency: 4, contextTokens: 0, engineTtftMs: null, tpotMs: null }
      pool.closed(ended.slot, work, { kind: kinds[rng.below(4)] as 'failed', ...outcome }, nowMs)
    }
  }
}

test('after any history, counters say what a recount of the whole pool says', () => {
  fc.assert(
    fc.property(fc.nat(2 ** 31), fc.integer({ min: 1, max: 600 }), (seed, steps) => {
      const pool = createReplicaPool()
      const rng = prng(seed)
      const live: { slot: number; nodeId: string }[] = []
      let nowMs = NOW_MS
      for (let i = 0; i < steps; i++) {
        nowMs += rng.below(200)
        step(pool, rng, live, nowMs)
        if (i % 50 === 0) recount(pool)
      }
      recount(pool)
    }),
    { numRuns: 40 },
  )
})
