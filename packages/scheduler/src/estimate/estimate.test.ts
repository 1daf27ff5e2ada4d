import { prng } from '@isochrone/domain'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { gatewayTuning, type Tuning } from '../decide/constants.ts'
import { decide } from '../decide/decide.ts'
import { NOW_MS, offer, request } from '../decide/fixtures.ts'
import type { AttemptOutcome } from '../offer.ts'
import { createReplicaPool, type ReplicaPool } from '../pool/replica-pool.ts'
import { replicaStateOf } from '../pool/replica-state.ts'

const work = { tokensIn: 1_000, tokensCached: 0, tokensOut: 200 }

function attempt(pool: ReplicaPool, slot: number, change: Partial<AttemptOutcome>, nowMs = NOW_MS): void {
  pool.opened(slot, work)
  const outcome: AttemptOutcome = {
    kind: 'finished',
    ...work,
    concurrency: 8,
    contextTokens: 1_000,
    engineTtftMs: 60,
    tpotMs: 15,
    ...change,
  }
  if (outcome.engineTtftMs !== null) pool.firstToken(slot, work)
  pool.closed(slot, work, outcome, nowMs)
}
const failure = { kind: 'failed', engineTtftMs: null, tpotMs: null, tokensOut: 0 } as const
const isOpen = (pool: ReplicaPool, nowMs: number): boolean => decide(pool, request(), prng(1), nowMs).kind === 'none'

test('the fit finds a slow machine: its TPOT and TTFT, whatever the declared curve says', () => {
  const pool = createReplicaPool()
  const slot = pool.upsert(offer(1))
  const rng = prng(3)
  const slow = 1.3
  const tpotAt = (c: number): number => slow * (9 + 0.34 * c + 0.000_043 * c * 1_000)
  for (let i = 0; i < 400; i++) {
    const concurrency = 20 + rng.below(80)
    const tokensIn = 100 + rng.below(6_000)
    const others = tpotAt(concurrency - 1)
    const engineTtftMs = slow * (10 + tokensIn * 0.03) + others * (1 + tokensIn / 1_024)
    attempt(pool, slot, {
      concurrency,
      tpotMs: tpotAt(concurrency) * (0.97 + 0.06 * rng.unit()),
      tokensIn,
      engineTtftMs,
    })
  }
  const { estimate } = replicaStateOf(pool, slot)
  for (const c of [30, 60, 90]) {
    const predicted = estimate.tpotBaseMs + c * (estimate.tpotPerStreamMs + estimate.tpotPerStreamTokenMs * 1_000)
    expect(Math.abs(predicted / tpotAt(c) - 1)).toBeLessThan(0.05)
  }
  const prefill = estimate.baseMs + 3_000 * estimate.prefillMsPerToken
  expect(Math.abs(prefill / (slow * (10 + 90)) - 1)).toBeLessThan(0.15)
})

/** Else a node is thought slow because it was busy, its queue is counted twice, and requests are refused while it is idle. */
test('a prompt that waited behind others says what the machine takes, not how long the queue was', () => {
  const pool = createReplicaPool({ tuning: gatewayTuning })
  const { prior: _none, ...undeclared } = offer(1)
  const slot = pool.upsert(undeclared)
  const rng = prng(5)
  for (let i = 0; i < 200; i++) {
    const tokensIn = 200 + rng.below(12_000)
    const tokensAhead = rng.below(2) * rng.below(30_000)
    const engineTtftMs = 10 + 0.03 * (tokensIn + tokensAhead)
    attempt(pool, slot, { concurrency: 1, tokensIn, tokensAhead, engineTtftMs })
  }
  const { baseMs, prefillMsPerToken } = replicaStateOf(pool, slot).estimate
  expect(baseMs).toBeLessThan(20)
  expect(prefillMsPerToken).toBeCloseTo(0.03, 3)
})

/** What is known at a dispatch is mostly gone at the arrival: believed where the curve is known anyway, it makes long prompts look short. */
test("with the engine's own constants what was known to wait changes no fit", () => {
  const estimates = [0, 20_000].map((tokensAhead) => {
    const pool = createReplicaPool()
    const slot = pool.upsert(offer(1))
    for (let i = 0; i < 40; i++) attempt(pool, slot, { tokensIn: 500 * i, tokensAhead, engineTtftMs: 30 + 20 * i })
    return replicaStateOf(pool, slot).estimate
  })
  expect(estimates[1]).toEqual(estimates[0])
})

test('no outcome, however broken, leaves an estimate that is not finite and not negative', () => {
  const odd = fc.oneof(fc.double(), fc.constantFrom(Number.NaN, -1, 0, 1e300, Number.POSITIVE_INFINITY))
  const outcome = fc.record({
    concurrency: odd,
    contextTokens: odd,
    tokensIn: odd,
    tokensCached: odd,
    tokensOut: odd,
    engineTtftMs: fc.option(odd),
    tpotMs: fc.option(odd),
    tokensAhead: odd,
  })
  fc.assert(
    fc.property(fc.array(outcome, { maxLength: 30 }), (outcomes) => {
      const pool = createReplicaPool()
      const slot = pool.upsert(offer(1))
      for (const each of outcomes) attempt(pool, slot, each)
      const { estimate, streamsMax, activeStreams } = replicaStateOf(pool, slot)
      for (const value of [...Object.values(estimate), streamsMax]) {
        expect(Number.isFinite(value) && value >= 0, String(value)).toBe(true)
      }
      expect(activeStreams).toBe(0)
      expect(decide(pool, request(), prng(1), NOW_MS).kind).toBe('placed')
    }),
  )
})

test('the breaker opens after five failures, admits one trial, backs off when it fails and closes when it succeeds', () => {
  const pool = createReplicaPool()
  const slot = pool.upsert(offer(1))
  for (let i = 0; i < 4; i++) attempt(pool, slot, failure)
  expect(isOpen(pool, NOW_MS)).toBe(false)
  attempt(pool, slot, failure)
  expect(isOpen(pool, NOW_MS)).toBe(true)
  expect(decide(pool, request(), prng(1), NOW_MS)).toMatchObject({ reason: 'breaker_open', retryAfterMs: 1_000 })

  const halfOpen = NOW_MS + 1_000
  expect(isOpen(pool, halfOpen)).toBe(false)
  pool.opened(slot, work)
  expect(isOpen(pool, halfOpen)).toBe(true)
  pool.closed(slot, work, { ...work, ...failure, concurrency: 1, contextTokens: 0 }, halfOpen)
  expect(isOpen(pool, halfOpen + 1_999)).toBe(true)
  expect(isOpen(pool, halfOpen + 2_000)).toBe(false)

  attempt(pool, slot, {}, halfOpen + 2_000)
  for (let i = 0; i < 4; i++) attempt(pool, slot, failure, halfOpen + 2_000)
  expect(isOpen(pool, halfOpen + 2_000)).toBe(false)
})

test('a trial that is cancelled, or that nobody ever ends, does not shut a replica out for good', () => {
  const pool = createReplicaPool()
  const slot = pool.upsert(offer(1))
  for (let i = 0; i < 5; i++) attempt(pool, slot, failure)
  const halfOpen = NOW_MS + 1_000
  decide(pool, request(), prng(1), halfOpen)
  attempt(pool, slot, { kind: 'cancelled', engineTtftMs: null, tpotMs: null }, halfOpen)
  expect(isOpen(pool, halfOpen)).toBe(false)
  pool.opened(slot, work)
  expect(isOpen(pool, halfOpen)).toBe(true)
  expect(isOpen(pool, halfOpen + 15_000)).toBe(false)
})

test('a refusal lowers the cap below what was seen, success raises it, never above what is declared or below one', () => {
  const pool = createReplicaPool()
  const slot = pool.upsert(offer(1, { concurrencyMax: 64 }))
  const cap = (): number => replicaStateOf(pool, slot).streamsMax
  expect(cap()).toBe(64)
  attempt(pool, slot, { kind: 'refused', concurrency: 20, engineTtftMs: null, tpotMs: null })
  expect(cap()).toBe(18)
  attempt(pool, slot, { concurrency: 2 })
  expect(cap()).toBe(18)
  for (let i = 0; i < 5_000; i++) attempt(pool, slot, { concurrency: 64 })
  expect(cap()).toBe(64)
  for (let i = 0; i < 100; i++)
    attempt(pool, slot, { kind: 'refused', concurrency: 1, engineTtftMs: null, tpotMs: null })
  expect(cap()).toBe(1)
})

test('a replica without a declared curve starts with few streams and earns more by answering', () => {
  const pool = createReplicaPool()
  const slot = pool.upsert(offer(1, { prior: undefined, concurrencyMax: 64 }))
  expect(replicaStateOf(pool, slot).streamsMax).toBe(4)
  for (let i = 0; i < 100; i++) attempt(pool, slot, {})
  expect(replicaStateOf(pool, slot).streamsMax).toBe(64)
})

test('a replica that comes back keeps what was learned of it, its open breaker too', () => {
  const pool = createReplicaPool()
  const slot = pool.upsert(offer(1))
  for (let i = 0; i < 50; i++) attempt(pool, slot, { tpotMs: 40 })
  const learned = replicaStateOf(pool, slot).estimate
  for (let i = 0; i < 5; i++) attempt(pool, slot, failure)
  pool.remove(offer(1).nodeId)
  const back = pool.upsert(offer(1))
  expect(replicaStateOf(pool, back).estimate).toEqual(learned)
  expect(isOpen(pool, NOW_MS)).toBe(true)
  expect(isOpen(pool, NOW_MS + 1_000)).toBe(false)

  pool.remove(offer(1).nodeId)
  const other = pool.upsert(offer(1, { concurrencyMax: 32 }))
  expect(replicaStateOf(pool, other)).toMatchObject({ observations: 0, streamsMax: 32 })
})

/** Liveness: whoever is thought slow gets no request to prove otherwise, and exploration leaves out who would miss the SLO. */
test('one slow first answer keeps a replica out for minutes, and not for good', () => {
  const idle = { activeStreams: 0, queuedStreams: 0, ownStreams: 0, draining: false }
  const replicas = (tuning: Partial<Tuning>) => {
    const pool = createReplicaPool({ tuning })
    const [slow, other] = [1, 2].map((n) => pool.upsert(offer(n, { prior: undefined, concurrencyMax: 8 })))
    for (const slot of [slow, other]) pool.report(slot as number, { ...idle, atMs: NOW_MS })
    const one = { tokensIn: 20, tokensCached: 0, tokensOut: 20, concurrency: 1, contextTokens: 0 }
    attempt(pool, slow as number, { ...one, engineTtftMs: 5_000, tpotMs: 400 })
    for (let n = 0; n < 20; n++) attempt(pool, other as number, { ...one, engineTtftMs: 8, tpotMs: 6 })
    return { pool, slow }
  }
  const asked = request({ tokensIn: 20, tokensOutMax: 20, tokensOutExpected: 20 })
  const shareAfter = (tuning: Partial<Tuning>, minutes: number): number => {
    const { pool, slow } = replicas(tuning)
    const rng = prng(5)
    for (let second = 1; second <= minutes * 60; second++) {
      for (const slot of pool.slots()) pool.report(slot, { ...idle, atMs: NOW_MS + second * 1_000 })
    }
    let times = 0
    for (let n = 0; n < 200; n++) {
      const decision = decide(pool, asked, rng, NOW_MS + minutes * 60_000)
      if (decision.kind === 'placed' && decision.slot === slow) times++
    }
    return times / 200
  }
  expect(shareAfter(gatewayTuning, 0)).toBeLessThan(0.02)
  expect(shareAfter(gatewayTuning, 15)).toBeGreaterThan(0.3)
  expect(shareAfter({ ...gatewayTuning, fitHalfLifeMs: 0 }, 15)).toBeLessThan(0.02)
})

test('what is used does not fade, and a fit that fades ends at its prior', () => {
  const prior = { baseMs: 10, prefillMsPerToken: 0.03, tpotBaseMs: 9, tpotPerStreamMs: 0.3, tpotPerStreamTokenMs: 0 }
  const idle = { activeStreams: 1, queuedStreams: 0, ownStreams: 1, draining: false }
  const pool = createReplicaPool({ tuning: gatewayTuning })
  const slot = pool.upsert(offer(1, { prior }))
  pool.report(slot, { ...idle, atMs: NOW_MS })
  for (let n = 0; n < 30; n++) attempt(pool, slot, { engineTtftMs: 400, tpotMs: 60 })
  const learned = replicaStateOf(pool, slot).estimate
  pool.opened(slot, work)
  for (let minute = 1; minute <= 60; minute++) pool.report(slot, { ...idle, atMs: NOW_MS + minute * 60_000 })
  expect(replicaStateOf(pool, slot).estimate).toEqual(learned)
  const end = { ...work, concurrency: 1, contextTokens: 0, engineTtftMs: null, tpotMs: null }
  pool.closed(slot, work, { kind: 'cancelled', ...end }, NOW_MS)
  for (let minute = 61; minute <= 120; minute++) pool.report(slot, { ...idle, atMs: NOW_MS + minute * 60_000 })
  const { estimate } = replicaStateOf(pool, slot)
  expect(estimate.tpotBaseMs + 64 * estimate.tpotPerStreamMs).toBeCloseTo(9 + 64 * 0.3, 1)
  expect(estimate.baseMs).toBeCloseTo(10, 1)
})
