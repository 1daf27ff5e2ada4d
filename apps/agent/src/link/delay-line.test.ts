import { prng } from '@isochrone/domain'
import fc from 'fast-check'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { DelayLine } from './delay-line.ts'

beforeEach(() => void vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] }))
afterEach(() => void vi.useRealTimers())

test('whatever the jitter, everything arrives, in order and never early', () => {
  fc.assert(
    fc.property(
      fc.nat(200),
      fc.nat(100),
      fc.nat(),
      fc.array(fc.nat(30), { maxLength: 30 }),
      (rttMs, jitterMs, seed, gaps) => {
        const arrived: { sentMs: number; atMs: number; index: number }[] = []
        const line = new DelayLine<{ sentMs: number; index: number }>({ rttMs, jitterMs, prng: prng(seed) }, (item) =>
          arrived.push({ ...item, atMs: performance.now() }),
        )
        gaps.forEach((gapMs, index) => {
          vi.advanceTimersByTime(gapMs)
          line.push({ sentMs: performance.now(), index })
        })
        vi.advanceTimersByTime(10_000)
        expect(arrived.map(({ index }) => index)).toEqual(gaps.map((_, index) => index))
        for (const { sentMs, atMs } of arrived) expect(atMs - sentMs).toBeGreaterThanOrEqual(rttMs / 2)
      },
    ),
  )
})

test('what was under way when the link broke never arrives', () => {
  const arrived: number[] = []
  const line = new DelayLine<number>({ rttMs: 50, jitterMs: 0, prng: prng(1) }, (item) => arrived.push(item))
  line.push(1)
  line.clear()
  vi.advanceTimersByTime(1000)
  line.push(2)
  vi.advanceTimersByTime(1000)
  expect(arrived).toEqual([2])
})
