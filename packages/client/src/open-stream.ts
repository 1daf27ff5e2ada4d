/**
 * A sealed stream of events as the stream that the caller asked for. What is not sealed by the node, in its order, never
 * reaches the caller as part of the answer; from the gateway come only its error, its bill and the end, and the end counts
 * only after the node's own.
 */
import type { AnswerOpener } from '@isochrone/protocol/sealed'
import { createParser } from 'eventsource-parser'
import { errorBody, SealedError } from './sealed-error.ts'

export interface StreamOptions {
  answer: AnswerOpener
  includeUsage: boolean
}

type Event = { data: string } | { comment: string }

/** `body` is the gateway's; the result is in OpenAI's words. Failures are a last event with an error, as the gateway's are. */
export function openStream(
  body: ReadableStream<Uint8Array>,
  { answer, includeUsage }: StreamOptions,
): ReadableStream<Uint8Array> {
  const encoder = new TextEncoder()
  const decoder = new TextDecoder()
  let events: Event[] = []
  const parser = createParser({
    onEvent: ({ data }) => void events.push({ data }),
    onComment: (comment) => void events.push({ comment }),
  })
  const reader = body.getReader()
  const state: OpenState = { answer, includeUsage, last: null, counted: null, over: false }

  return new ReadableStream<Uint8Array>({
    async pull(controller) {
      const say = (text: string) => controller.enqueue(encoder.encode(text))
      try {
        while (!state.over) {
          const { done, value } = await reader.read()
          if (done) throw new SealedError('sealed_truncated', 'The answer broke off before its node had ended it.')
          parser.feed(decoder.decode(value, { stream: true }))
          const due = events
          events = []
          let said = false
          for (const event of due) {
            const text = 'comment' in event ? `: ${event.comment}\n\n` : await openEvent(event.data, state)
            if (text === '') continue
            say(text)
            said = true
            if (state.over) break
          }
          if (said) break
        }
      } catch (error) {
        state.over = true
        if (!(error instanceof SealedError)) return controller.error(error)
        say(eventOf(errorBody(error)))
        await reader.cancel(error).catch(() => undefined)
      }
      if (state.over) controller.close()
    },
    cancel: (reason) => reader.cancel(reason),
  })
}

interface OpenState {
  answer: AnswerOpener
  includeUsage: boolean
  /** What the chunks have in common, of the last one. */
  last: Record<string, unknown> | null
  /** What the node says that its engine counted. */
  counted: unknown
  over: boolean
}

/** The event as text, '' where the caller is not to see it. Throws a `SealedError` for what no honest gateway sends. */
async function openEvent(data: string, state: OpenState): Promise<string> {
  if (data === '[DONE]') {
    if (!state.answer.ended)
      throw new SealedError('sealed_truncated', 'The gateway ended an answer that its node had not.')
    state.over = true
    return 'data: [DONE]\n\n'
  }
  const event = parse(data)
  if (event.error !== undefined) {
    state.over = true
    return eventOf({ error: event.error })
  }
  if (event.sealed !== undefined) return await openChunk(event.sealed, state)
  if (Array.isArray(event.choices) && event.choices.length === 0) {
    if (!state.includeUsage) return ''
    const { usage, isochrone } = event
    return eventOf({ ...state.last, choices: [], usage, isochrone: billOf(isochrone, state) })
  }
  throw new SealedError('sealed_tampered', 'The gateway sent something that its node had not sealed.')
}

async function openChunk(part: unknown, state: OpenState): Promise<string> {
  const { json, end } = await openPart(state.answer, part)
  const chunk = parse(json)
  if (end) {
    state.counted = chunk.usage
    return ''
  }
  const { choices: _choices, usage: _usage, ...head } = chunk
  state.last = head
  return eventOf(chunk)
}

/** The next part of an answer. Throws `sealed_tampered` for anything else. */
export async function openPart(answer: AnswerOpener, part: unknown): Promise<{ json: string; end: boolean }> {
  return await answer.open(part).catch((cause: unknown) => {
    throw new SealedError('sealed_tampered', 'Part of the answer is missing, or is not what its node sealed.', {
      cause,
    })
  })
}

/** What the gateway says of its bill, with what the node said under the seal beside it. */
export function billOf(isochrone: unknown, { answer, counted }: Pick<OpenState, 'answer' | 'counted'>) {
  const said = typeof isochrone === 'object' && isochrone !== null ? isochrone : {}
  return { ...said, sealed: { key: answer.key, counted } }
}

export function parse(text: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(text)
    if (typeof value === 'object' && value !== null) return value as Record<string, unknown>
  } catch {
    // Below.
  }
  throw new SealedError('sealed_tampered', 'The gateway sent something that is no part of an answer.')
}

const eventOf = (data: unknown): string => `data: ${JSON.stringify(data)}\n\n`
