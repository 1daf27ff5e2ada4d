import fc from 'fast-check'
import { expect, test } from 'vitest'
import { curveOf, perfCurves, tpotMs, unloadedTtftMs } from '@isochrone/perf-model'
import type { EngineEstimate } from '@isochrone/scheduler'
import { ReplicaEngine, type EngineOptions, type StreamStart } from './replica-engine.ts'

const h200 = estimateOf(curveOf('H200', 8, 'fp8'))
const plain: EngineOptions = {
  curve: h200,
  speed: 1,
  concurrencyMax: 256,
  queueMax: 64,
  kvTokens: 1_500_000,
  prefillChunkTokens: 1024,
  prefixBlockTokens: 512,
  gateways: 2,
}

function estimateOf(curve: (typeof perfCurves)[number]): EngineEstimate {
  return {
    baseMs: curve.tpotBaseMs,
    prefillMsPerToken: curve.prefillMsPerToken,
    tpotBaseMs: curve.tpotBaseMs,
    tpotPerStreamMs: curve.tpotPerSequenceMs,
    tpotPerStreamTokenMs: curve.tpotPerSequenceTokenMs,
  }
}

/** An engine, what it said, and a hand that turns its clock. */
function bench(changes: Partial<EngineOptions> = {}) {
  const first = new Map<number, number>()
  const finished = new Map<number, { atMs: number; concurrency: number; contextTokens: number }>()
  const failed: number[] = []
  const cached = new Map<number, number>()
  const engine = new ReplicaEngine(
    { ...plain, ...changes },
    {
      firstToken: (tag, nowMs) => first.set(tag, nowMs),
      finished: (tag, atMs, concurrency, contextTokens) => finished.set(tag, { atMs, concurrency, contextTokens }),
      failed: (tag) => failed.push(tag),
      prefillStarted: (tag, tokens) => cached.set(tag, tokens),
    },
  )
  const runUntil = (untilMs: number) => {
    while (engine.nextMs <= untilMs) engine.run(engine.nextMs)
  }
  const start = (tag: number, tokensIn: number, tokensOut: number, nowMs = 0, more: Partial<StreamStart> = {}) => {
    runUntil(nowMs)
    return engine.start({ tag, gateway: 0, tokensIn, tokensOut, prefixHashes: [], fails: false, ...more }, nowMs)
  }
  const drain = () => {
    for (let left = 1_000_000; engine.nextMs < Infinity && left > 0; left--) engine.run(engine.nextMs)
  }
  return { engine, first, finished, failed, cached, start, runUntil, drain }
}

/** Steps of one lonely stream: its context counts as 1000 + 101/2 throughout. */
const aloneMs = 9 + 0.34 + 4.3e-5 * 1050.5

test('alone, a stream has its first token one step after its prefill and the others one step apart', () => {
  const { start, drain, first, finished } = bench()
  start(1, 1000, 101)
  drain()
  expect(first.get(1)).toBeCloseTo(31.7 + aloneMs, 6)
  expect(finished.get(1)?.atMs).toBeCloseTo(31.7 + 101 * aloneMs, 6)
  expect(finished.get(1)?.concurrency).toBeCloseTo(1, 6)
  expect(finished.get(1)?.contextTokens).toBeCloseTo(1050.5, 3)
})

test('the time to first token of an idle engine is that of the published curve', () => {
  for (const curve of perfCurves) {
    const { start, drain, first } = bench({ curve: estimateOf(curve) })
    start(1, 4000, 1)
    drain()
    expect(first.get(1)).toBeCloseTo(unloadedTtftMs(curve, 4000.5) - 0.5 * curve.prefillMsPerToken, 6)
  }
})

test('c streams that decode together have the TPOT of the published curve', () => {
  for (const curve of perfCurves) {
    for (const streams of [1, 16, 64, 128]) {
      const { engine, start, runUntil, first } = bench({ curve: estimateOf(curve), kvTokens: 1e7 })
      const slots = Array.from({ length: streams }, (_, tag) => start(tag, 1000, 20_000))
      runUntil(20_000)
      expect(first.size).toBe(streams)
      const tokensMs = tpotMs(curve, streams, 11_000)
      const before = engine.produced(slots[0] as number, 0, 20_000)
      runUntil(20_000 + 5000 * tokensMs)
      // Whole tokens are counted: one more or less in 5,000.
      const produced = engine.produced(slots[0] as number, 0, 20_000 + 5000 * tokensMs) - before
      expect(Math.abs(produced - 5000)).toBeLessThanOrEqual(1)
    }
  }
})

test('a prompt that arrives beside a decoding stream shares its steps, chunk by chunk', () => {
  const { start, drain, first } = bench()
  start(1, 1000, 1001)
  start(2, 2048, 2, 500)
  drain()
  // Two steps of decode and a chunk each carry 2,048 tokens; then one step of both streams.
  const step = 9 + 0.34 + 4.3e-5 * 1500.5
  const both = 9 + 0.34 * 2 + 4.3e-5 * (1500.5 + 2049)
  expect(first.get(2)).toBeCloseTo(500 + 2 * (step + 1024 * 0.0317) + both, 6)
})

test('prompts are prefilled in order of arrival, one after the other', () => {
  const { start, drain, first } = bench()
  start(1, 10_000, 1)
  start(2, 100, 1)
  drain()
  expect(first.get(1) as number).toBeLessThan(first.get(2) as number)
})

test('a slow window stretches exactly the time that passes in it', () => {
  const { engine, start, drain, finished, runUntil } = bench()
  start(1, 1000, 101)
  const fullMs = 31.7 + 101 * aloneMs
  runUntil(100)
  engine.setSpeed(2.5, 100)
  drain()
  expect(finished.get(1)?.atMs).toBeCloseTo(100 + (fullMs - 100) * 2.5, 6)
})

test('streams above the limit wait, a full queue refuses, and a freed place is taken at once', () => {
  const { engine, start, drain, finished } = bench({ concurrencyMax: 2, queueMax: 1 })
  expect([1, 2, 3, 4].map((tag) => start(tag, 100, 10) >= 0)).toEqual([true, true, true, false])
  expect(engine.runningStreams).toBe(2)
  expect(engine.waitingStreams).toBe(1)
  drain()
  expect([...finished.keys()].toSorted((a, b) => a - b)).toEqual([1, 2, 3])
})

test('memory for context is reserved whole: what does not fit waits, what never fits is refused', () => {
  const { engine, start, drain, finished } = bench({ kvTokens: 2000 })
  expect(start(1, 1500, 100)).toBeGreaterThanOrEqual(0)
  expect(start(2, 1500, 100)).toBeGreaterThanOrEqual(0)
  expect(start(3, 1990, 11)).toBe(-1)
  expect(engine.waitingStreams).toBe(1)
  expect(engine.kvTokensUsed).toBe(1600)
  drain()
  expect(finished.size).toBe(2)
  expect(engine.kvTokensUsed).toBe(0)
})

test('a known prefix is not prefilled again, but at least one token always is', () => {
  const { start, drain, cached, first } = bench()
  start(1, 1024, 2, 0, { prefixHashes: [11, 12] })
  start(2, 1024, 2, 1000, { prefixHashes: [11, 12] })
  start(3, 1500, 2, 2000, { prefixHashes: [11, 99, 98] })
  drain()
  expect([cached.get(1), cached.get(2), cached.get(3)]).toEqual([0, 1023, 512])
  expect((first.get(2) as number) - 1000).toBeLessThan(11)
})

test('the cache forgets the least recently used prompt, its tail first', () => {
  const { start, drain, cached } = bench({ kvTokens: 4 * 512 })
  start(1, 1024, 2, 0, { prefixHashes: [1, 2] })
  start(2, 1024, 2, 1000, { prefixHashes: [3, 4] })
  start(3, 512, 2, 2000, { prefixHashes: [5] })
  start(4, 1024, 2, 3000, { prefixHashes: [1, 2] })
  drain()
  expect(cached.get(4)).toBe(512)
})

test('a crash loses streams and cache, and says how much each had produced', () => {
  const { engine, start, runUntil, cached, drain } = bench()
  start(1, 1000, 100, 0, { prefixHashes: [1] })
  const slot = start(2, 1000, 100, 30, { prefixHashes: [2] })
  runUntil(31.7 + 10.5 * aloneMs)
  const lost: [number, number][] = []
  engine.crash(31.7 + 10.5 * aloneMs, (tag, produced) => lost.push([tag, produced]))
  expect(lost.map(([tag]) => tag).toSorted((a, b) => a - b)).toEqual([1, 2])
  expect(engine.nextMs).toBe(Infinity)
  engine.cancel(slot, 2, 200)
  start(3, 1000, 10, 300, { prefixHashes: [1] })
  drain()
  expect(cached.get(3)).toBe(0)
  expect(engine.runningStreams).toBe(0)
})

const arrivals = fc.array(
  fc.record({
    gapMs: fc.double({ min: 0, max: 200, noNaN: true }),
    tokensIn: fc.integer({ min: 1, max: 8000 }),
    tokensOut: fc.integer({ min: 1, max: 400 }),
    fails: fc.boolean(),
    cancelAfterMs: fc.option(fc.double({ min: 0, max: 3000, noNaN: true })),
  }),
  { minLength: 1, maxLength: 40 },
)
const sizes = fc.record({ concurrencyMax: fc.integer({ min: 1, max: 12 }), queueMax: fc.integer({ min: 0, max: 8 }) })

test('whatever arrives and is cancelled, each stream ends at most once, no slot leaks and every prompt token is counted', () => {
  fc.assert(
    fc.property(arrivals, sizes, (list, limits) => {
      const { engine, start, drain, runUntil, finished, failed, cached } = bench(limits)
      const cancels: { atMs: number; slot: number; tag: number }[] = []
      let nowMs = 0
      let refused = 0
      for (const [tag, each] of list.entries()) {
        nowMs += each.gapMs
        for (const due of cancels.splice(0).toSorted((a, b) => a.atMs - b.atMs)) {
          if (due.atMs > nowMs) cancels.push(due)
          else {
            runUntil(due.atMs)
            engine.cancel(due.slot, due.tag, due.atMs)
          }
        }
        const slot = start(tag, each.tokensIn, each.tokensOut, nowMs, { fails: each.fails })
        if (slot < 0) refused++
        else if (each.cancelAfterMs !== null) cancels.push({ atMs: nowMs + each.cancelAfterMs, slot, tag })
      }
      drain()
      expect(finished.size + failed.length + refused).toBeLessThanOrEqual(list.length)
      expect([engine.runningStreams, engine.waitingStreams, engine.kvTokensUsed, engine.ownStreams(0)]).toEqual([
        0, 0, 0, 0,
      ])
      expect(engine.prefillTokens).toBeCloseTo(0, 6)
      const prefilled = [...finished.keys(), ...failed]
      const wanted = prefilled.reduce((sum, tag) => sum + (list[tag]?.tokensIn ?? 0), 0)
      const spared = prefilled.reduce((sum, tag) => sum + (cached.get(tag) ?? 0), 0)
      expect(engine.prefilledTokens).toBeGreaterThanOrEqual(wanted - spared)
      if (cancels.length === 0 && list.every(({ cancelAfterMs }) => cancelAfterMs === null)) {
        expect(finished.size + failed.length + refused).toBe(list.length)
        expect(engine.prefilledTokens + engine.cachedTokens).toBe(wanted)
      }
    }),
    { numRuns: 200 },
  )
})

test('more company never makes a stream earlier, and a slower engine never does', () => {
  fc.assert(
    fc.property(arrivals, fc.double({ min: 1, max: 3, noNaN: true }), (list, factor) => {
      const finishOf = (count: number, speed: number) => {
        const { start, drain, finished } = bench({ speed })
        let nowMs = 0
        start(1_000, 500, 200)
        for (const [tag, { gapMs, tokensIn, tokensOut }] of list.slice(0, count).entries()) {
          start(tag, tokensIn, tokensOut, (nowMs += gapMs))
        }
        drain()
        return finished.get(1_000)?.atMs as number
      }
      const alone = finishOf(0, 1)
      const together = finishOf(list.length, 1)
      expect(together).toBeGreaterThanOrEqual(alone - 1e-6)
      expect(finishOf(list.length, factor)).toBeGreaterThanOrEqual(together - 1e-6)
    }),
    { numRuns: 100 },
  )
})
