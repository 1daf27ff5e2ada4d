import { expect, test } from 'vitest'
import { SequenceQueue } from './sequence-queue.ts'

const live = new AbortController().signal
const first = (free: readonly string[]) => free[0] ?? ''

test('waiters are served in order, and one too many is refused with 429', async () => {
  const queue = new SequenceQueue(['a'], 2)
  const slot = await queue.acquire(first, live)
  const order: number[] = []
  const waiting = [1, 2].map((n) => queue.acquire(first, live).then((got) => (order.push(n), queue.release(got))))
  await expect(queue.acquire(first, live)).rejects.toMatchObject({ httpStatus: 429 })
  expect([queue.running, queue.queued]).toEqual([1, 2])
  queue.release(slot)
  await Promise.all(waiting)
  expect(order).toEqual([1, 2])
  expect([queue.running, queue.queued]).toEqual([0, 0])
})

/** A cancelled request that still took a sequence would leak it: the engine would stop after a few of them. */
test('a waiter that aborts leaves at once and never takes a slot', async () => {
  const queue = new SequenceQueue(['a'], 2)
  const slot = await queue.acquire(first, live)
  const aborter = new AbortController()
  const gone = queue.acquire(first, aborter.signal)
  aborter.abort(new Error('gone'))
  await expect(gone).rejects.toThrow('gone')
  expect(queue.queued).toBe(0)
  queue.release(slot)
  expect(await queue.acquire(first, live)).toBe('a')
})
