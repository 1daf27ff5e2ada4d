import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { createFairStarts } from './fair-starts.ts'

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

function world() {
  const begun: string[] = []
  const starts = createFairStarts(() => Date.now())
  const ask = (orgId: string, name = orgId, requestsPerMinuteMax: number | null = null) =>
    starts.enter(
      { orgId, requestsPerMinuteMax },
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

/** Isolation: a minute's worth is no right to take the second from everybody else. */
test('beside others an organisation begins at twice the pace of its limit, and the rest in its line in order', () => {
  const { starts, begun, ask } = world()
  const loudOnes = () => begun.filter((name) => name.startsWith('loud'))
  const loud = (name: string) => ask('loud', name, 480)
  // Nothing stays between body and node: the pace alone holds.
  const over = Array.from({ length: 100 }, (_, n) => {
    ask('quiet')()
    return loud(`loud ${n}`)
  })
  for (const each of over.slice(0, 8)) each()
  expect(loudOnes()).toHaveLength(8)
  for (let ms = 0; ms < 1_000; ms += 10) {
    vi.advanceTimersByTime(10)
    ask('quiet')()
    for (const each of over.slice(0, loudOnes().length)) each()
  }
  expect(loudOnes().length).toBeGreaterThanOrEqual(8 + 14)
  expect(loudOnes().length).toBeLessThanOrEqual(8 + 16)
  expect(loudOnes()).toEqual(loudOnes().map((_, n) => `loud ${n}`))
  // Once nobody else is there, the rest begins when the next one leaves.
  vi.advanceTimersByTime(5_001)
  for (const each of over.slice(0, loudOnes().length)) each()
  expect([loudOnes().length, starts.waiting]).toEqual([100, 0])
})

test('a line as long as can begin in time takes nobody more, and a limit that is never reached holds nobody', () => {
  const { starts, ask } = world()
  const org = { orgId: 'loud', requestsPerMinuteMax: 60 }
  ask('quiet')
  for (let n = 0; n < 8 + 20; n++) {
    starts.requireRoom(org)
    ask('loud', 'loud', 60)
  }
  expect(starts.waiting).toBe(20)
  expect(() => starts.requireRoom(org)).toThrow(
    expect.objectContaining({ code: 'rate_limited', details: { waitMs: 500 } }),
  )
  starts.requireRoom({ orgId: 'quiet', requestsPerMinuteMax: 60 })
  vi.advanceTimersByTime(10_000)
  starts.requireRoom(org)
})
