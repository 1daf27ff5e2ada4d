/**
 * The events of a background response, numbered by what the answer says and not by how it came: whoever follows it while it
 * runs and whoever reads it afterwards get the same events with the same numbers, so that a stream can be resumed at any one
 * of them, at any gateway.
 *
 * Text is cut at words, by the text alone. Each attempt has its own range of numbers: a follower of an attempt that failed is
 * told so instead of getting the text of another one behind it.
 */
import type { JobState } from '@isochrone/services'
import { backgroundResponse, errorOf, headOfJob, objectOf, usageOf } from './background-response.ts'
import { createResponseEvents, type ResponseEvent } from './response-events.ts'
import { reasoningOf } from './response-object.ts'

/** Numbers of one attempt. */
export const ATTEMPT_NUMBERS = 1_000_000
/** `response.created` and `response.in_progress` are the same for all of them. */
const SHARED_NUMBERS = 2
/** How a response ended without an answer: behind every attempt. */
const ENDED_NUMBER = 256 * ATTEMPT_NUMBERS
const WORD_LENGTH_MAX = 32

/** The attempt whose event this is; null for those that all attempts share. */
export function attemptOfNumber(sequenceNumber: number): number | null {
  if (sequenceNumber < SHARED_NUMBERS || sequenceNumber >= ENDED_NUMBER) return null
  return Math.floor((sequenceNumber - SHARED_NUMBERS) / ATTEMPT_NUMBERS)
}

export interface LiveEvents {
  readonly attempt: number
  begin(): ResponseEvent[]
  /** What a further piece of the text adds: whole words only, the last one waits for its end. */
  text(piece: string): ResponseEvent[]
}

/** Events of a response that runs, from its text as it comes. */
export function liveEvents(job: JobState, attempt: number): LiveEvents {
  const events = createResponseEvents(headOfJob(job))
  let rest = ''
  return {
    attempt,
    begin: () => numbered(events.begin(), attempt),
    text(piece) {
      const { words, left } = wordsOf(rest + piece)
      rest = left
      return words.flatMap((word) => numbered(events.chunk(contentChunk(word)), attempt))
    },
  }
}

/** All events of a response that is over. */
export function finalEvents(job: JobState): ResponseEvent[] {
  const events = createResponseEvents(headOfJob(job))
  if (job.status !== 'succeeded') {
    const last = job.status === 'cancelled' ? cancelledEvent(job) : failedEvent(job)
    return [...events.begin(), last]
  }
  const answer = objectOf(job.answer)
  const attempt = attemptOf(answer)
  const [choice] = (Array.isArray(answer.choices) ? answer.choices : []) as {
    message?: unknown
    finish_reason?: unknown
  }[]
  const message = objectOf(choice?.message)
  const { words, left } = wordsOf(typeof message.content === 'string' ? message.content : '')
  const calls = Array.isArray(message.tool_calls) ? (message.tool_calls as unknown[]) : []
  const all = [
    ...events.begin(),
    ...events.chunk(deltaChunk({ reasoning_content: reasoningOf(message) })),
    ...[...words, ...(left === '' ? [] : [left])].flatMap((word) => events.chunk(contentChunk(word))),
    ...events.chunk(deltaChunk({ refusal: message.refusal })),
    ...calls.flatMap((call, index) => events.chunk(deltaChunk({ tool_calls: [{ ...objectOf(call), index }] }))),
    ...events.chunk({ choices: [{ index: 0, delta: {}, finish_reason: choice?.finish_reason ?? null }] }),
    ...events.end(usageOf(answer)),
  ]
  // The last one carries the response as it is stored.
  return numbered(all, attempt).map((event, index) =>
    index === all.length - 1 ? { ...event, response: backgroundResponse(job) } : event,
  )
}

/** Of the one error that a stream of a background response can end with, beside `response.failed`. */
export const RESTARTED_CODE = 'response_restarted'

/** For a follower of an attempt that failed: the text that it has is not the answer's. */
export function restartedEvent(after: number): ResponseEvent {
  const message =
    'The node failed after it had begun, and the answer is being made anew. Read the response again from its start.'
  return { type: 'error', sequence_number: after + 1, code: RESTARTED_CODE, message, param: null }
}

/** For a follower of a response that was deleted meanwhile: a stream that merely stopped would look like a success. */
export function deletedEvent(after: number): ResponseEvent {
  const message = 'The response was deleted by its owner.'
  return { type: 'error', sequence_number: after + 1, code: 'not_found', message, param: null }
}

/**
 * For a follower at a gateway that stops before the response is over. It has the number of the last event, so that who goes on behind
 * it misses none.
 */
export function stoppingEvent(after: number): ResponseEvent {
  const message = `This gateway was told to stop. The response goes on: follow it at another one, with starting_after=${after}.`
  return { type: 'error', sequence_number: Math.max(0, after), code: 'internal_error', message, param: null }
}

/** The attempt that answered, as the gateway wrote it into the answer. */
export function attemptOf(answer: Readonly<Record<string, unknown>>): number {
  const { attempt } = objectOf(answer.isochrone)
  return typeof attempt === 'number' && Number.isInteger(attempt) && attempt >= 0 && attempt < 256 ? attempt : 0
}

const failedEvent = (job: JobState): ResponseEvent => ({
  type: 'response.failed',
  sequence_number: ENDED_NUMBER,
  response: { ...backgroundResponse(job), error: errorOf(job) },
})

const cancelledEvent = (job: JobState): ResponseEvent => ({
  type: 'response.cancelled',
  sequence_number: ENDED_NUMBER,
  response: backgroundResponse(job),
})

function numbered(events: readonly ResponseEvent[], attempt: number): ResponseEvent[] {
  return events.map((event) =>
    event.sequence_number < SHARED_NUMBERS
      ? event
      : { ...event, sequence_number: event.sequence_number + attempt * ATTEMPT_NUMBERS },
  )
}

/**
 * Whole words with the blanks behind them, and what is left. A word is over when the next one has begun, or at 32 code
 * units: both follow from the text alone, whatever the pieces it came in.
 */
export function wordsOf(text: string): { words: string[]; left: string } {
  const words: string[] = []
  let from = 0
  let blank = false
  for (let at = 0; at < text.length; at++) {
    const isBlank = /\s/.test(text.charAt(at))
    const isFull = at - from >= WORD_LENGTH_MAX && !isLowSurrogate(text.charCodeAt(at))
    if (isFull || (blank && !isBlank)) {
      words.push(text.slice(from, at))
      from = at
    }
    blank = isBlank
  }
  return { words, left: text.slice(from) }
}

const isLowSurrogate = (unit: number): boolean => unit >= 0xdc00 && unit <= 0xdfff
const deltaChunk = (delta: Record<string, unknown>) => ({ choices: [{ index: 0, delta }] })
const contentChunk = (content: string) => deltaChunk({ content })
