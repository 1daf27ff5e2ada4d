import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { createFairStarts } from './fair-starts.ts'

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

function world() {
  const begun: string[] = []
  const starts = createFairStarts(() => Date.now())
  const ask = (org: string, name = org) =>
    starts.enter(
      org,
      () => void begun.push(name),
      () => void begun.push(`no ${name}`),
    )
  return { starts, begun, ask }
}

/** Throughput: nobody is held back for somebody who is not there. */
test('an organisation alone never waits', () => {
  const { starts, begun, ask } = world()
  ask('other')()
  vi.advanceTimersByTime(5_001)
  for (let n = 0; n < 500; n++) ask('only')
  expect([begun.length, starts.waiting]).toEqual([501, 0])
})

test('a burst waits in its own line, in order, and nobody else waits for it', () => {
  const { starts, begun, ask } = world()
  ask('quiet')
  const over = Array.from({ length: 100 }, (_, n) => ask('loud', `loud ${n}`))
  expect(starts.waiting).toBe(92)
  ask('quiet')
  expect(begun.at(-1)).toBe('quiet')
  // Each that went to its node, or ends, lets the next one begin; said twice it counts once.
  for (const each of over.slice(0, 50)) {
    each()
    each()
  }
  const loud = begun.filter((name) => name.startsWith('loud'))
  expect(loud).toEqual(Array.from({ length: 58 }, (_, n) => `loud ${n}`))
  expect(starts.waiting).toBe(42)
})

test('whoever leaves gives its turn up, and whoever waits too long is told so', () => {
  const { starts, begun, ask } = world()
  ask('quiet')
  const over = Array.from({ length: 20 }, () => ask('loud'))
  expect(starts.waiting).toBe(12)
  for (const each of over.slice(10)) each()
  expect(starts.waiting).toBe(2)
  vi.advanceTimersByTime(10_000)
  expect(starts.waiting).toBe(0)
  expect(begun.filter((name) => name === 'no loud')).toHaveLength(2)
  // What was refused has had its end: it takes nobody's place.
  for (const each of over) each()
  vi.advanceTimersByTime(1)
  ask('quiet')
  for (let n = 0; n < 9; n++) ask('loud', 'again')
  expect(begun.filter((name) => name === 'again')).toHaveLength(8)
})
