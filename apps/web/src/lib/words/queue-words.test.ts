import { redisKeys } from '@isochrone/protocol'
import { expect, test } from 'vitest'
import { queueWords, standingOf } from './queue-words.ts'

const queue = {
  name: 'leases',
  waiting: 0,
  active: 0,
  delayed: 0,
  paused: false,
  workers: 1,
  oldest: null,
  schedules: [],
}
const waits = (sinceMs: number) => ({ ...queue, waiting: 1, oldest: { id: 'a', addedAtMs: 100_000 - sinceMs } })

test('a queue stands as its worst trouble says', () => {
  expect(standingOf(queue, 100_000)).toBe('idle')
  expect(standingOf(waits(60_000), 100_000)).toBe('working')
  expect(standingOf(waits(60_001), 100_000)).toBe('behind')
  expect(standingOf({ ...waits(90_000), workers: 0 }, 100_000)).toBe('nobody')
  expect(standingOf({ ...waits(90_000), workers: 0, paused: true }, 100_000)).toBe('paused')
  expect(standingOf({ ...queue, active: 2 }, 100_000)).toBe('working')
})

test('every queue of the platform has words of its own', () => {
  const names = Object.entries(redisKeys).flatMap(([key, value]) =>
    key.startsWith('queue') && typeof value === 'string' ? [value] : [],
  )
  expect(names.length).toBeGreaterThan(6)
  for (const name of names) expect(queueWords(name).about).not.toBe('')
})
