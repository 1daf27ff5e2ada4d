/** A node declines by this number alone: too low and requests wander, too high and they wait past their SLO. */
import { prng } from '@isochrone/domain'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { RoutingPolicy } from '../placement.ts'
import { createReplicaPool } from '../pool/replica-pool.ts'
import { defaultTuning } from './constants.ts'
import { decide } from './decide.ts'
import { NOW_MS, offer, request } from './fixtures.ts'

const slack = { admission: 'slack', ttftSloMs: 1_500 } as const

/** Of two replicas, each with so many streams and prompt tokens by its last report. */
function placedWith(
  { prefillTokens = 0, activeStreams = 0 },
  policy: Partial<RoutingPolicy> = slack,
  tokensIn = 8_000,
  replicas = 2,
) {
  const pool = createReplicaPool()
  for (let n = 0; n < replicas; n++) {
    const slot = pool.upsert(offer(n))
    pool.setRtt(slot, 40)
    const report = { atMs: NOW_MS, activeStreams, queuedStreams: 0, ownStreams: 0, draining: false }
    pool.report(slot, { ...report, prefillTokens, ownPrefillTokens: 0, contextTokens: 1_500 })
  }
  const decision = decide(pool, request({ tokensIn }, policy), prng(1), NOW_MS)
  return decision.kind === 'placed' ? { ttftMs: decision.ttftMs, max: decision.prefillAheadMax() } : null
}

test('as much may wait as keeps the predicted first token inside the head-room of the SLO, and no more', () => {
  const load = { prefillTokens: fc.nat(20_000), activeStreams: fc.nat(40) }
  fc.assert(
    fc.property(fc.record(load), fc.integer({ min: 1, max: 12_000 }), (now, tokensIn) => {
      const placed = placedWith(now, slack, tokensIn)
      if (placed === null || placed.max === null) return
      const headroomMs = defaultTuning.headroomTtft * slack.ttftSloMs
      // What is bound alone changes: other prompts, and with them the time.
      const atBound = placedWith({ ...now, prefillTokens: placed.max }, slack, tokensIn)
      const over = placedWith({ ...now, prefillTokens: placed.max + 2 }, slack, tokensIn)
      expect(atBound?.ttftMs).toBeLessThanOrEqual(headroomMs + 1e-6)
      if (over) expect(over.ttftMs).toBeGreaterThan(headroomMs)
    }),
    { numRuns: 300 },
  )
})

test('only who named an SLO has a bound, and only where there is somewhere else to go', () => {
  expect(placedWith({})?.max).toBeGreaterThan(10_000)
  expect(placedWith({}, { ...slack, admission: 'capacity' })?.max).toBeNull()
  expect(placedWith({}, { ...slack, allowFallbacks: false })?.max).toBeNull()
  expect(placedWith({}, slack, 8_000, 1)?.max).toBeNull()
})

test('an SLO whose head-room nothing could keep has none: declining would not help', () => {
  const placed = placedWith({}, { ...slack, ttftSloMs: 330 })
  expect(placed?.ttftMs).toBeGreaterThan(0.85 * 330)
  expect(placed?.max).toBeNull()
})
