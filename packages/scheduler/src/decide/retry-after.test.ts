/** An honest Retry-After: who is refused, does as told and comes back to a fleet that drained as predicted, finds a place. */
import { prng } from '@isochrone/domain'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { AttemptWork } from '../offer.ts'
import type { SampledReplica } from '../placement.ts'
import { createReplicaPool, type ReplicaPool } from '../pool/replica-pool.ts'
import { defaultTuning } from './constants.ts'
import { decide } from './decide.ts'
import { NOW_MS, offer, request } from './fixtures.ts'

interface Running {
  slot: number
  work: AttemptWork
  endMs: number
}

/** A replica whose breaker has opened that often, the last time `ageMs` ago: its pauses double up to a minute. */
interface Broken {
  level: number
  ageMs: number
}

function fail(pool: ReplicaPool, slot: number, work: AttemptWork, { level, ageMs }: Broken): void {
  const failed = {
    ...work,
    kind: 'failed',
    concurrency: 1,
    contextTokens: 0,
    engineTtftMs: null,
    tpotMs: null,
  } as const
  // The first opening takes some failures in a row, each further one a failed trial.
  for (let n = 1; n < defaultTuning.breakerFailures + level; n++) {
    pool.opened(slot, work)
    pool.closed(slot, work, failed, NOW_MS - ageMs)
  }
}

/**
 * Asks until somebody is refused: each stream lasts as long as predicted, and they came one after the other. The first
 * replicas are those that broke.
 */
function fill(
  replicas: number,
  concurrencyMax: number,
  seed: number,
  ask: ReturnType<typeof request>,
  broken: readonly Broken[],
) {
  const pool = createReplicaPool()
  const rng = prng(seed)
  for (let n = 0; n < replicas; n++) {
    const slot = pool.upsert(offer(n, { concurrencyMax }))
    pool.report(slot, { atMs: NOW_MS, activeStreams: 0, queuedStreams: 0, ownStreams: 0, draining: false })
  }
  const running: Running[] = []
  const work = { tokensIn: ask.tokensIn, tokensCached: 0, tokensOut: ask.tokensOutExpected }
  for (const slot of [...pool.slots()].slice(0, broken.length)) fail(pool, slot, work, broken[slot] as Broken)
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
  // Short ones, and long ones of several minutes.
  tokensOutExpected: fc.oneof(fc.integer({ min: 20, max: 800 }), fc.integer({ min: 800, max: 20_000 })),
  broken: fc.array(fc.record({ level: fc.integer({ min: 1, max: 9 }), ageMs: fc.integer({ min: 0, max: 900 }) }), {
    maxLength: 40,
  }),
  admission: fc.constantFrom('capacity' as const, 'slack' as const),
})

test('who comes back after Retry-After, where streams ended as predicted, is placed', { timeout: 60_000 }, () => {
  let refused = 0
  const check = fc.property(fleets, ({ replicas, concurrencyMax, seed, tokensOutExpected, admission, broken }) => {
    const slos = admission === 'slack' ? { ttftSloMs: 900, tpotSloMs: 20 } : {}
    const ask = request({ tokensOutExpected, tokensOutMax: 20_000 }, { admission, ...slos })
    const { pool, rng, running, told, work } = fill(replicas, concurrencyMax, seed, ask, broken)
    expect(['full', 'no_slack', 'breaker_open']).toContain(told.reason)
    // What the engine predicts for one more is what each takes: its record has it.
    const { candidates, sampled } = told.record()
    expect(candidates).toEqual([])
    const [whole = sampled[0] as SampledReplica] = sampled.filter((one) => one.breakerOpenUntilMs <= NOW_MS)
    const { estimate, activeStreams, streamsMax } = whole
    const streams = Math.min(activeStreams, streamsMax)
    const context = ask.tokensIn + tokensOutExpected / 2
    const tpotMs = estimate.tpotBaseMs + (estimate.tpotPerStreamMs + estimate.tpotPerStreamTokenMs * context) * streams
    spreadEnds(running, tpotMs * tokensOutExpected, streamsMax)
    const backMs = NOW_MS + told.retryAfterMs
    // Nor is anybody sent away for longer than a place takes to come free, or a breaker to close.
    const firstEndMs = Math.min(...running.map(({ endMs }) => endMs))
    if (told.reason === 'full')
      expect(told.retryAfterMs).toBeLessThanOrEqual(Math.max(100, 1.25 * (firstEndMs - NOW_MS)))
    for (const { breakerOpenUntilMs: untilMs } of sampled) {
      if (untilMs > NOW_MS) expect(told.retryAfterMs).toBeLessThanOrEqual(Math.max(100, Math.ceil(untilMs - NOW_MS)))
    }
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
  fc.assert(check, { numRuns: 300 })
  expect(refused).toBe(300)
})

/** At the end of its SLO a request has no time left; who comes again has all of it. */
test('who has waited in vain is sent away for no longer than who comes now', () => {
  let waited = 0
  const check = fc.property(fleets, fc.integer({ min: 1, max: 899 }), ({ seed, ...fleet }, sloWaitedMs) => {
    const { concurrencyMax, tokensOutExpected } = fleet
    const ask = request(
      { tokensOutExpected, tokensOutMax: 20_000 },
      { admission: 'slack', ttftSloMs: 900, tpotSloMs: 20 },
    )
    const { pool, told } = fill(Math.min(8, fleet.replicas), concurrencyMax, seed, ask, [])
    const policy = { ...ask.policy, ttftSloMs: 900 - sloWaitedMs }
    const atEnd = decide(pool, { ...ask, policy, sloWaitedMs }, prng(seed), NOW_MS)
    if (atEnd.kind === 'placed') throw new Error('placed with less time than was too little')
    expect(atEnd.retryAfterMs).toBe(told.retryAfterMs)
    if (atEnd.reason === 'no_slack') waited++
  })
  fc.assert(check, { numRuns: 200 })
  expect(waited).toBeGreaterThan(50)
})

test('the end of a long answer on the only place is waited for, however far it is', () => {
  const ask = request({ tokensOutExpected: 20_000, tokensOutMax: 20_000 })
  const { told } = fill(1, 1, 1, ask, [])
  const tpotMs = told.record().sampled[0]?.estimate.tpotBaseMs ?? 0
  expect(told.reason).toBe('full')
  expect(told.retryAfterMs).toBeGreaterThan(20_000 * tpotMs)
  expect(told.retryAfterMs).toBeLessThan(defaultTuning.retryAfterMsMax)
})

test('a breaker that stays open for a minute is waited for that long', () => {
  const ask = request()
  const { pool, rng, told } = fill(
    3,
    8,
    1,
    ask,
    Array.from({ length: 3 }, () => ({ level: 9, ageMs: 0 })),
  )
  expect([told.reason, told.retryAfterMs]).toEqual(['breaker_open', 60_000])
  for (const slot of pool.slots()) {
    pool.report(slot, { atMs: NOW_MS + 60_000, activeStreams: 0, queuedStreams: 0, ownStreams: 0, draining: false })
  }
  expect(decide(pool, ask, rng, NOW_MS + 59_999).kind).toBe('none')
  expect(decide(pool, ask, rng, NOW_MS + 60_000).kind).toBe('placed')
})

test('where no waiting is known to help, the time is the one for that', () => {
  const pool = createReplicaPool()
  const told = decide(pool, request(), prng(1), NOW_MS)
  expect(told).toMatchObject({ reason: 'no_replica', retryAfterMs: defaultTuning.retryAfterMsUnknown })
  pool.upsert(offer(1))
  const excluded = decide(pool, request({}, { exclude: [offer(1).nodeId] }), prng(1), NOW_MS)
  expect(excluded).toMatchObject({ reason: 'excluded', retryAfterMs: defaultTuning.retryAfterMsUnknown })
})
