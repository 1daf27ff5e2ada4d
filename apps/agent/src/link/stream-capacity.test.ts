/** A gateway adds up what runs and what waits: a stream that is said twice takes two places. */
import { expect, test } from 'vitest'
import { StreamCapacity } from './stream-capacity.ts'

test('a stream that waits at the engine is counted once', () => {
  const capacity = new StreamCapacity(8)
  for (let i = 0; i < 8; i++) expect(capacity.tryEnter()).toBe('entered')
  expect(capacity.tryEnter()).toBe('full')
  expect(capacity.counts(6)).toEqual({ activeStreams: 2, queuedStreams: 6 })
  for (let i = 0; i < 8; i++) capacity.leave()
  // The engine may take note of an end a moment later.
  expect(capacity.counts(1)).toEqual({ activeStreams: 0, queuedStreams: 1 })
})
