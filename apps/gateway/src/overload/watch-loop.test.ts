/** What counts as load: lateness that lasts, and no single stop of the process. */
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { BEHIND_MS_MAX, watchLoop, type LoopWatch } from './watch-loop.ts'

const TICK_MS = 50
const LATE_MS_MAX = 500
let atMs = 0
let idleMs = 0
let loop: LoopWatch
beforeEach(() => {
  vi.useFakeTimers()
  atMs = 1_000
  idleMs = 0
  loop = watchLoop({ lateMsMax: LATE_MS_MAX, nowMs: () => atMs, idleMs: () => idleMs })
})
afterEach(() => {
  loop.stop()
  vi.useRealTimers()
})

/** A turn of the loop that works so long, up to the tick after it. */
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
  // The first one may have been a stop: it counts as much as what is still in time.
  expect(loop.behindMs()).toBe(lastedMs - 700 + LATE_MS_MAX)
  turn(TICK_MS)
  expect([loop.behindMs(), loop.isOverloaded()]).toEqual([0, false])
})

test('one turn that does not end is load before its end', () => {
  atMs += BEHIND_MS_MAX
  expect(loop.isOverloaded()).toBe(false)
  atMs += TICK_MS
  expect(loop.isOverloaded()).toBe(true)
  expect(loop.lateMs()).toBeGreaterThan(LATE_MS_MAX)
})

/** The loop waits for its sockets, and for longer than it would have slept: nobody let it run. */
function standStill(ms: number): void {
  atMs += ms
  idleMs += ms
}

test('what came while a process stood still is served, whatever it reads first, and however long that takes', () => {
  standStill(60_000)
  // Sockets are read before the timer.
  expect([loop.lateMs(), loop.isOverloaded()]).toEqual([0, false])
  atMs += 1_500
  expect([loop.lateMs(), loop.isOverloaded()]).toEqual([1_500, false])
  vi.advanceTimersByTime(TICK_MS)
  turn(700)
  expect(loop.isOverloaded()).toBe(false)
  // Load is load, also after that.
  for (let i = 0; i < 3; i++) turn(700)
  expect(loop.isOverloaded()).toBe(true)
})

test('a process that was stopped in the middle of its work serves what came meanwhile', () => {
  turn(60_000)
  turn(1_400)
  expect(loop.isOverloaded()).toBe(false)
  turn(700)
  expect(loop.isOverloaded()).toBe(true)
})

test('a gateway that is behind and stands still is not the further behind for it', () => {
  for (let i = 0; i < 5; i++) turn(700)
  const behindMs = loop.behindMs()
  standStill(60_000)
  expect(loop.behindMs()).toBe(behindMs + TICK_MS)
})
