/** A stream can be left and resumed anywhere: numbers follow from the answer, not from how it came. */
import type { JobState } from '@isochrone/services'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { ATTEMPT_NUMBERS, attemptOfNumber, finalEvents, liveEvents } from './background-events.ts'

function jobOf(text: string, attempt: number, more: Partial<JobState> = {}): JobState {
  const message = { role: 'assistant', content: text }
  return {
    id: `job_${'0'.repeat(32)}`,
    requestId: 'req_1',
    kind: 'background',
    model: 'm',
    status: 'succeeded',
    createdAtMs: 1_000,
    finishedAtMs: 2_000,
    deadlineAtMs: null,
    httpStatus: 200,
    source: { echo: { metadata: {} } },
    body: {},
    answer: { choices: [{ index: 0, message, finish_reason: 'stop' }], isochrone: { attempt } },
    error: null,
    erased: false,
    ...more,
  }
}

const pieces = fc.array(
  fc.oneof(fc.string({ unit: 'grapheme' }), fc.constantFrom(' ', 'ab ', '\n\n', '\u{1F600}', 'x'.repeat(90))),
)

test('whatever pieces a text comes in, its events are the first of those of the whole answer', () => {
  fc.assert(
    fc.property(pieces, fc.nat(255), (parts, attempt) => {
      const job = jobOf(parts.join(''), attempt)
      const live = liveEvents(job, attempt)
      const seen = [...live.begin(), ...parts.flatMap((part) => live.text(part))]
      const all = finalEvents(job)
      expect(all.slice(0, seen.length)).toEqual(seen)
      const numbers = all.map((event) => event.sequence_number)
      expect(numbers).toEqual([...new Set(numbers)].toSorted((a, b) => a - b))
      const deltas = all.filter(({ type }) => type === 'response.output_text.delta')
      expect(deltas.map(({ delta }) => delta).join('')).toBe(parts.join(''))
    }),
  )
})

test('each attempt has numbers of its own, and an end without an answer comes behind all of them', () => {
  const [, , third] = finalEvents(jobOf('hello there', 3))
  expect(third?.sequence_number).toBe(3 * ATTEMPT_NUMBERS + 2)
  expect(attemptOfNumber(3 * ATTEMPT_NUMBERS + 2)).toBe(3)
  expect([attemptOfNumber(0), attemptOfNumber(1), attemptOfNumber(2)]).toEqual([null, null, 0])
  const failed = finalEvents(jobOf('', 0, { status: 'failed', answer: { error: { code: 'x', message: 'y' } } }))
  expect(failed.map(({ type }) => type)).toEqual(['response.created', 'response.in_progress', 'response.failed'])
  expect(failed.at(-1)).toMatchObject({ sequence_number: 256 * ATTEMPT_NUMBERS, response: { error: { code: 'x' } } })
  const cancelled = finalEvents(jobOf('', 0, { status: 'cancelled', answer: null }))
  expect(cancelled.at(-1)).toMatchObject({ type: 'response.cancelled', response: { status: 'cancelled' } })
})
