/**
 * A whole answer as the events of a stream, for who asked for one and waited for a place: queued work is answered when it is
 * whole, and a client that reads a stream can read nothing else.
 *
 * Each choice comes in one piece, then its end; with usage asked for, then what the whole answer says of usage and price.
 */

type Json = Record<string, unknown>

/** Server-sent events with the closing `[DONE]`. `answer`: a chat or text completion. */
export function eventsOfAnswer(answer: Json, includeUsage: boolean): string {
  const { choices, usage, isochrone, ...head } = answer
  const isChat = head.object === 'chat.completion'
  const base = { ...head, object: isChat ? 'chat.completion.chunk' : head.object }
  const chunks = listOf(choices).flatMap((choice) =>
    (isChat ? chatPieces(choice) : textPieces(choice)).map((piece) => ({ ...base, choices: [piece] })),
  )
  const closing = includeUsage ? [{ ...base, choices: [], usage, isochrone }] : []
  return `${[...chunks, ...closing].map((chunk) => `data: ${JSON.stringify(chunk)}\n\n`).join('')}data: [DONE]\n\n`
}

function chatPieces({ index, message, logprobs, finish_reason: reason, ...rest }: Json): Json[] {
  const { tool_calls: calls, ...said } = message as Json
  const delta = {
    ...said,
    // In a stream each call says which one it is: its parts are put together by that.
    ...(calls !== undefined && { tool_calls: listOf(calls).map((call, at) => ({ index: at, ...call })) }),
  }
  return [
    { ...rest, index, delta, ...(logprobs !== undefined && { logprobs }), finish_reason: null },
    { index, delta: {}, finish_reason: reason ?? null },
  ]
}

function textPieces({ finish_reason: reason, text, ...rest }: Json): Json[] {
  return [
    { ...rest, text, finish_reason: null },
    { ...rest, text: '', logprobs: null, finish_reason: reason ?? null },
  ]
}

const listOf = (value: unknown): Json[] => (Array.isArray(value) ? (value as Json[]) : [])
