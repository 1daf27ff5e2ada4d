/** What counts as load: lateness that lasts, and no single stop of the process. */
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { BEHIND_MS_MAX, watchLoop, type LoopWatch } from './watch-loop.ts'

const TICK_MS = 50
let atMs = 0
let loop: LoopWatch
beforeEach(() => {
  vi.useFakeTimers()
  atMs = 1_000
  loop = watchLoop({ lateMsMax: 500, nowMs: () => atMs })
})
afterEach(() => {
  loop.stop()
  vi.useRealTimers()
})

/** A turn of the loop that takes so long, up to the tick after it. */
function turn(ms: number): void {
  atMs += ms
  vi.advanceTimersByTime(TICK_MS)
}

test('a loop in time is not behind, however long it runs', () => {
  for (let i = 0; i < 200; i++) turn(TICK_MS + (i % 10) * 50)
  expect([loop.behindMs(), loop.isOverloaded()]).toEqual([0, false])
})

test('a process that stood still once begins work again at once', () => {
  turn(60_000)
  expect(loop.isOverloaded()).toBe(false)
  turn(TICK_MS)
  expect(loop.lateMs()).toBe(0)
  turn(60_000)
  expect(loop.isOverloaded()).toBe(false)
})

test('turns that stay late are load once they have lasted, and the first one in time ends it', () => {
  let [turns, lastedMs] = [0, 0]
  while (!loop.isOverloaded() && turns++ < 100) {
    turn(700)
    lastedMs += 700
  }
  expect(lastedMs).toBeGreaterThan(BEHIND_MS_MAX)
  expect(lastedMs).toBeLessThanOrEqual(BEHIND_MS_MAX + 2 * 700)
  expect(loop.behindMs()).toBe(lastedMs)
  turn(TICK_MS)
  expect([loop.behindMs(), loop.isOverloaded()]).toEqual([0, false])
})

test('one turn that does not end is load before its end', () => {
  atMs += BEHIND_MS_MAX
  expect(loop.isOverloaded()).toBe(false)
  atMs += TICK_MS
  expect(loop.isOverloaded()).toBe(true)
  expect(loop.lateMs()).toBeGreaterThan(500)
})
