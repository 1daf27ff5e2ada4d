/** An honest Retry-After: who is refused, does as told and comes back to a fleet that drained as predicted, finds a place. */
import { prng } from '@isochrone/domain'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { AttemptWork } from '../offer.ts'
import { createReplicaPool } from '../pool/replica-pool.ts'
import { decide } from './decide.ts'
import { NOW_MS, offer, request } from './fixtures.ts'

interface Running {
  slot: number
  work: AttemptWork
  endMs: number
}

/** Asks until somebody is refused: each stream lasts as long as predicted, and they came one after the other. */
function fill(replicas: number, concurrencyMax: number, seed: number, ask: ReturnType<typeof request>) {
  const pool = createReplicaPool()
  const rng = prng(seed)
  for (let n = 0; n < replicas; n++) {
    const slot = pool.upsert(offer(n, { concurrencyMax }))
    pool.report(slot, { atMs: NOW_MS, activeStreams: 0, queuedStreams: 0, ownStreams: 0, draining: false })
  }
  const running: Running[] = []
  const work = { tokensIn: ask.tokensIn, tokensCached: 0, tokensOut: ask.tokensOutExpected }
  for (;;) {
    const decision = decide(pool, ask, rng, NOW_MS)
    if (decision.kind === 'none') return { pool, rng, running, told: decision, work }
    pool.opened(decision.slot, work)
    pool.firstToken(decision.slot, work)
    running.push({ slot: decision.slot, work, endMs: 0 })
  }
}

/** At a steady flow the ends of a replica's streams are spread evenly over the time that one takes; who waits comes after. */
function spreadEnds(running: Running[], streamMs: number, atOnce: number): void {
  for (const group of Map.groupBy(running, ({ slot }) => slot).values()) {
    group.forEach((stream, n) => {
      stream.endMs = NOW_MS + (streamMs * (n + 1)) / Math.min(group.length, atOnce)
    })
  }
}

const fleets = fc.record({
  replicas: fc.integer({ min: 1, max: 40 }),
  concurrencyMax: fc.integer({ min: 1, max: 64 }),
  seed: fc.nat(2 ** 31),
  tokensOutExpected: fc.integer({ min: 20, max: 800 }),
  admission: fc.constantFrom('capacity' as const, 'slack' as const),
})

test('who comes back after Retry-After, where streams ended as predicted, is placed', { timeout: 60_000 }, () => {
  let refused = 0
  const check = fc.property(fleets, ({ replicas, concurrencyMax, seed, tokensOutExpected, admission }) => {
    const slos = admission === 'slack' ? { ttftSloMs: 900, tpotSloMs: 20 } : {}
    const ask = request({ tokensOutExpected, tokensOutMax: 800 }, { admission, ...slos })
    const { pool, rng, running, told, work } = fill(replicas, concurrencyMax, seed, ask)
    expect(['full', 'no_slack']).toContain(told.reason)
    // What the engine predicts for one more is what each takes: its record has it.
    const { candidates, sampled } = told.record()
    expect(candidates).toEqual([])
    const { estimate, activeStreams, streamsMax } = sampled[0] as (typeof sampled)[number]
    const streams = Math.min(activeStreams, streamsMax)
    const context = ask.tokensIn + tokensOutExpected / 2
    const tpotMs = estimate.tpotBaseMs + (estimate.tpotPerStreamMs + estimate.tpotPerStreamTokenMs * context) * streams
    spreadEnds(running, tpotMs * tokensOutExpected, streamsMax)
    const backMs = NOW_MS + told.retryAfterMs
    // Nor is anybody sent away for longer than a place takes to come free.
    const firstEndMs = Math.min(...running.map(({ endMs }) => endMs))
    if (told.reason === 'full')
      expect(told.retryAfterMs).toBeLessThanOrEqual(Math.max(100, 1.25 * (firstEndMs - NOW_MS)))
    for (const { slot, endMs } of running.toSorted((a, b) => a.endMs - b.endMs)) {
      if (endMs > backMs) continue
      const outcome = { concurrency: streams, contextTokens: context, engineTtftMs: null, tpotMs: null }
      pool.closed(slot, work, { ...work, ...outcome, kind: 'finished' }, endMs)
    }
    for (const slot of pool.slots()) {
      const active = running.filter((stream) => stream.slot === slot && stream.endMs > backMs).length
      pool.report(slot, { atMs: backMs, activeStreams: active, queuedStreams: 0, ownStreams: active, draining: false })
    }
    expect(decide(pool, ask, rng, backMs).kind).toBe('placed')
    refused++
  })
  fc.assert(check, { numRuns: 150 })
  expect(refused).toBe(150)
})
