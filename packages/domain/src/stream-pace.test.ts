/** Gateways believe a node that it has become slow: too often said, and an idle machine stands empty. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { PACE_MAX, StreamPace } from './stream-pace.ts'

/** An engine of 9 ms a step and 0.3 ms more for each stream, 30 more while a prompt waits; `slow`: times its usual. */
function engine() {
  const pace = new StreamPace()
  let nowMs = 0
  let said: number | null = null
  /** Looks of a second each: so many streams run, and before so many of a hundred ms a prompt waits. */
  const run = (looks: number, count: (look: number) => number, share: (look: number) => number, slow = 1) => {
    for (let look = 0; look < looks; look++) {
      const running = Array.from({ length: count(look) }, () => pace.begin(nowMs))
      for (const stream of running) stream.tokens(1, nowMs)
      const waits = share(look)
      const prompt = pace.begin(nowMs)
      const steps = (waits * 1_000) / (slow * (39 + 0.3 * count(look)))
      const rest = ((1 - waits) * 1_000) / (slow * (9 + 0.3 * count(look)))
      for (const stream of running) stream.tokens(steps + rest, nowMs)
      prompt.over(nowMs + 1_000 * waits)
      nowMs += 1_000
      said = pace.now(nowMs)
      for (const stream of running) stream.over(nowMs)
    }
    return said
  }
  return { pace, run, later: (ms: number) => (nowMs += ms), now: () => nowMs }
}
const load = (look: number) => 10 + ((look * 7) % 40)
const beside = (look: number) => ((look * 3) % 10) / 10

test('says nothing before it has seen enough', () => {
  const { pace, run } = engine()
  expect(pace.now(250)).toBeNull()
  expect(run(39, load, beside)).toBeNull()
  expect(run(2, load, beside)).not.toBeNull()
})

/** The load and the prompts beside it change all the time: neither is news of the machine. */
test('what load and waiting prompts explain is as usual, and what they do not is news within two looks', () => {
  const { run } = engine()
  expect(run(60, load, beside)).toBeCloseTo(1, 1)
  for (let look = 0; look < 20; look++)
    expect(
      run(
        1,
        () => 12 + look,
        () => (look % 3) / 3,
      ),
    ).toBeCloseTo(1, 0)
  expect(run(2, load, beside, 2.5)).toBeGreaterThan(2)
  expect(run(2, load, beside)).toBeLessThan(1.25)
})

test('half a minute of slowness does not become usual, and what lasts does', () => {
  const { run } = engine()
  run(200, load, beside)
  run(30, load, beside, 2.5)
  expect(run(3, load, beside)).toBeGreaterThan(0.85)
  expect(run(3_000, load, beside, 2.5)).toBeLessThan(1.25)
})

test('a stream that nobody reads is no slow one, and where nothing runs the pace goes back', () => {
  const { pace, run, later, now } = engine()
  run(60, load, beside)
  const stream = pace.begin(now())
  stream.tokens(1, now())
  stream.held(true, now())
  later(20_000)
  expect(run(3, load, beside)).toBeCloseTo(1, 1)
  stream.held(false, now())
  // Now it is read again, and the engine still gives it nothing.
  expect(
    run(
      3,
      () => 1,
      () => 0,
    ),
  ).toBeGreaterThan(1.25)
  stream.over(now())
  expect(pace.now(later(60_000))).toBeCloseTo(1, 1)
})

test('whatever comes, and in whatever order, it is a number that can be, and no stream counts twice', () => {
  const step = fc.record({
    what: fc.constantFrom('begin', 'tokens', 'held', 'read', 'over', 'now'),
    which: fc.nat(5),
    tokens: fc.oneof(fc.nat(1_000), fc.double({ min: 0, max: 1e300, noNaN: true })),
    afterMs: fc.double({ min: -10, max: 2_000, noNaN: true }),
  })
  fc.assert(
    fc.property(fc.array(step, { maxLength: 400 }), (steps) => {
      const pace = new StreamPace()
      const open: ReturnType<typeof pace.begin>[] = []
      let nowMs = 0
      for (const { what, which, tokens, afterMs } of steps) {
        nowMs += afterMs
        const stream = open[which]
        if (what === 'begin') open.push(pace.begin(nowMs))
        if (what === 'tokens') stream?.tokens(tokens, nowMs)
        if (what === 'held' || what === 'read') stream?.held(what === 'held', nowMs)
        if (what === 'over') stream?.over(nowMs)
        const said = pace.now(nowMs)
        if (said !== null) expect(said >= 1 / PACE_MAX && said <= PACE_MAX).toBe(true)
        expect(pace.streams).toBeLessThanOrEqual(open.length)
      }
      for (const stream of open) stream.over(nowMs)
      expect(pace.streams).toBe(0)
    }),
  )
})
