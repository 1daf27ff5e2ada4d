import { expect, test } from 'vitest'
import { gatewayTuning } from '../decide/constants.ts'
import { NOW_MS, offer } from '../decide/fixtures.ts'
import { createReplicaPool } from '../pool/replica-pool.ts'
import { replicaStateOf } from '../pool/replica-state.ts'

const prior = { baseMs: 10, prefillMsPerToken: 0.03, tpotBaseMs: 9, tpotPerStreamMs: 0.3, tpotPerStreamTokenMs: 0 }
const report = { activeStreams: 50, queuedStreams: 0, ownStreams: 0, draining: false, contextTokens: 0 }
const usualMs = 9 + 0.3 * 50

/** Four looks a second. */
const look = (tpotMs: number, tokens: number) => ({ tpotMs, tokens, elapsedMs: 250 })

function loaded(tuning = {}) {
  const pool = createReplicaPool({ tuning })
  const slot = pool.upsert(offer(1, { prior, concurrencyMax: 200 }))
  pool.report(slot, { ...report, atMs: NOW_MS })
  const perTokenMs = () => {
    const { estimate } = replicaStateOf(pool, slot)
    return estimate.tpotBaseMs + 50 * estimate.tpotPerStreamMs
  }
  return { pool, slot, perTokenMs }
}

/** A slow half minute is known within a second or two, in all that the machine does, and over when it is over. */
test('a replica is as fast as its streams show, while they show it', () => {
  const { pool, slot, perTokenMs } = loaded()
  for (let n = 0; n < 12; n++) pool.paced(slot, look(2.5 * usualMs, 100))
  expect(perTokenMs()).toBeGreaterThan(2 * usualMs)
  expect(replicaStateOf(pool, slot).estimate.prefillMsPerToken).toBeGreaterThan(2 * 0.03)
  for (let n = 0; n < 20; n++) pool.paced(slot, look(usualMs, 100))
  expect(perTokenMs()).toBeCloseTo(usualMs)
})

/** They say that no prompt is prefilled beside them, and nothing of how fast one would be. */
test('streams that are faster than the fit make tokens sooner and no prompt', () => {
  const { pool, slot, perTokenMs } = loaded()
  for (let n = 0; n < 12; n++) pool.paced(slot, look(0.5 * usualMs, 100))
  expect(perTokenMs()).toBeLessThan(0.6 * usualMs)
  expect(replicaStateOf(pool, slot).estimate.prefillMsPerToken).toBeCloseTo(0.03, 6)
})

/** A prompt of 12,000 tokens takes a third of a second, a chunk of it in each step of those that run: no slow machine. */
test('steps that carry what waits there say nothing of the machine, and slower ones still do', () => {
  const { pool, slot, perTokenMs } = loaded()
  const chunkMs = 1_024 * 0.03
  for (let n = 0; n < 12; n++) pool.paced(slot, look(usualMs + chunkMs, 100))
  expect(perTokenMs()).toBeGreaterThan(1.5 * usualMs)
  for (let n = 0; n < 20; n++) pool.paced(slot, look(usualMs, 100))
  pool.report(slot, { ...report, atMs: NOW_MS + 1, prefillTokens: 12_000 })
  for (let n = 0; n < 12; n++) pool.paced(slot, look(usualMs + chunkMs, 100))
  expect(perTokenMs()).toBeCloseTo(usualMs)
  for (let n = 0; n < 12; n++) pool.paced(slot, look(2.5 * (usualMs + chunkMs), 100))
  expect(perTokenMs()).toBeGreaterThan(2 * usualMs)
})

/** One engine gives answers of very different speed: one stream of a token a look must not keep its node out afterwards. */
test('at a gateway one stream that is slow by itself says little of its machine', () => {
  const { pool, slot, perTokenMs } = loaded(gatewayTuning)
  for (let n = 0; n < 24; n++) pool.paced(slot, look(250, 1))
  expect(perTokenMs()).toBeLessThan(2 * usualMs)
  for (let n = 0; n < 24; n++) pool.paced(slot, look(250, 100))
  expect(perTokenMs()).toBeGreaterThan(4 * usualMs)
})

/** Liveness: what is thought slow gets no streams to prove otherwise, so the thought must fade. */
test('a replica that nobody uses is not thought slow for ever', () => {
  const { pool, slot, perTokenMs } = loaded()
  for (let n = 0; n < 12; n++) pool.paced(slot, look(2.5 * usualMs, 100))
  for (let second = 1; second <= 90; second++) pool.report(slot, { ...report, atMs: NOW_MS + second * 1_000 })
  expect(perTokenMs()).toBeCloseTo(usualMs)
})

/** Prompts prefilled beside them make streams jump; and broken numbers count for nothing. */
test('what is near the fit, or no number, changes nothing', () => {
  const { pool, slot, perTokenMs } = loaded()
  for (let n = 0; n < 40; n++) pool.paced(slot, look(usualMs * (n % 2 === 0 ? 1.3 : 0.8), 100))
  for (const broken of [Number.NaN, Infinity, -5, 0]) pool.paced(slot, look(broken, 100))
  pool.paced(slot, look(500, Number.NaN))
  expect(perTokenMs()).toBeCloseTo(usualMs)
})

/** A restart does not undo what was learned, and one slow hour does not spoil it. */
test('attempts of a slow time leave the fit as it was', () => {
  const { pool, slot, perTokenMs } = loaded()
  const work = { tokensIn: 100, tokensCached: 0, tokensOut: 100 }
  for (let n = 0; n < 20; n++) pool.paced(slot, look(2 * usualMs, 1_000))
  for (let n = 0; n < 50; n++) {
    pool.opened(slot, work)
    const outcome = { ...work, kind: 'finished' as const, concurrency: 50, contextTokens: 0, engineTtftMs: null }
    pool.closed(slot, work, { ...outcome, tpotMs: 2 * usualMs }, NOW_MS)
  }
  for (let n = 0; n < 20; n++) pool.paced(slot, look(usualMs, 1_000))
  expect(Math.abs(perTokenMs() / usualMs - 1)).toBeLessThan(0.1)
})

/** Its gateway has no streams there, or not yet enough: what other gateways' streams show it cannot know. */
test('a node that says that it has become slow is slow in all it does, and as usual when it says so or nothing', () => {
  const { pool, slot, perTokenMs } = loaded()
  const says = (pace: number | undefined, second: number) =>
    pool.report(slot, { ...report, atMs: NOW_MS + second, pace })
  says(2.5, 1)
  expect(perTokenMs()).toBeCloseTo(2.5 * usualMs)
  expect(replicaStateOf(pool, slot).estimate.prefillMsPerToken).toBeCloseTo(2.5 * 0.03)
  says(1.1, 2)
  expect(perTokenMs()).toBeCloseTo(usualMs)
  says(1_000, 3)
  expect(perTokenMs()).toBeCloseTo(5 * usualMs)
  says(undefined, 4)
  expect(perTokenMs()).toBeCloseTo(usualMs)
  for (const [at, broken] of [Number.NaN, Infinity, -5, 0].entries()) {
    says(broken, 5 + at)
    expect(perTokenMs()).toBeCloseTo(usualMs)
  }
})

/** Else it would be sent everything, and hold its streams. */
test('no node makes itself faster by its word, nor what was seen of it', () => {
  const { pool, slot, perTokenMs } = loaded()
  pool.report(slot, { ...report, atMs: NOW_MS + 1, pace: 0.2 })
  expect(perTokenMs()).toBeCloseTo(usualMs)
  for (let n = 0; n < 12; n++) pool.paced(slot, look(2.5 * usualMs, 100))
  const seen = perTokenMs()
  expect(seen).toBeGreaterThan(2 * usualMs)
  for (const [at, pace] of [1, 0.2, 1.5].entries()) {
    pool.report(slot, { ...report, atMs: NOW_MS + 2 + at, pace })
    expect(perTokenMs()).toBeGreaterThan(0.9 * seen)
  }
})

/** One that calls itself slow and serves as ever must not be thought the fastest when it no longer says so. */
test('what a node says of itself is not taken off what its attempts took', () => {
  const { pool, slot, perTokenMs } = loaded()
  const work = { tokensIn: 10_000, tokensCached: 0, tokensOut: 100 }
  const engineTtftMs = 10 + (0.03 + usualMs / 1_024) * 10_000 + usualMs
  for (let n = 0; n < 100; n++) {
    pool.report(slot, { ...report, atMs: NOW_MS + n, pace: 5 })
    pool.opened(slot, work)
    const outcome = { ...work, kind: 'finished' as const, concurrency: 51, contextTokens: 0 }
    pool.closed(slot, work, { ...outcome, tpotMs: usualMs, engineTtftMs }, NOW_MS)
  }
  pool.report(slot, { ...report, atMs: NOW_MS + 200 })
  expect(perTokenMs() / usualMs).toBeGreaterThan(0.95)
  expect(replicaStateOf(pool, slot).estimate.prefillMsPerToken).toBeGreaterThan(0.95 * 0.03)
})

test('a node that comes back is as it was seen, whatever it said of itself before', () => {
  const { pool, slot } = loaded()
  pool.report(slot, { ...report, atMs: NOW_MS + 1, pace: 5 })
  const same = pool.offerAt(slot)
  pool.remove(same.nodeId)
  const { estimate } = replicaStateOf(pool, pool.upsert(same))
  expect(estimate.tpotBaseMs + 50 * estimate.tpotPerStreamMs).toBeCloseTo(usualMs)
})
