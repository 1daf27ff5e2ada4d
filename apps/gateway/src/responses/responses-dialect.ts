/** The Responses API as a dialect: one response object, or its typed events, each with its number and our part at the end. */
import { isochroneOf, usageOf } from '../http/answer-parts.ts'
import type { Dialect } from '../http/dialect.ts'
import { toOpenAiError } from '../http/openai-error.ts'
import type { RequestContext } from '../requests/request-context.ts'
import { createResponseEvents, type ResponseEvent } from './response-events.ts'
import { responseIdOf, responseOf, type ResponseHead } from './response-object.ts'
import type { ResponsesRequest } from './responses-request.ts'

/** For one request. */
export function responsesDialect(asked: Pick<ResponsesRequest, 'echo'>): Dialect {
  return {
    whole: (ctx, served, answer, explain) =>
      responseOf(headOf(ctx, asked), answer, usageOf(served), { isochrone: isochroneOf(ctx, served, explain) }),
    stream(ctx, explain) {
      const events = createResponseEvents(headOf(ctx, asked))
      return {
        begin: () => textOf(events.begin()),
        translate: (chunk) => textOf(events.chunk(parseChunk(chunk))),
        end: (served) => textOf(events.end(usageOf(served), { isochrone: isochroneOf(ctx, served, explain) })),
        fail(error) {
          const { code, message } = toOpenAiError(error, ctx.requestId).body.error
          return textOf(events.fail({ code, message }))
        },
      }
    },
  }
}

/** The response of a request, before there is an answer. */
export function headOf(ctx: RequestContext, { echo }: Pick<ResponsesRequest, 'echo'>): ResponseHead {
  return {
    id: responseIdOf(ctx.requestIdHash),
    createdAt: Math.floor(ctx.receivedAtMs / 1_000),
    model: ctx.request.model,
    echo,
  }
}

const textOf = (events: readonly ResponseEvent[]): string =>
  events.map((event) => `event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`).join('')

/** A chunk that is not a JSON object adds nothing. */
function parseChunk(chunk: Uint8Array): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength).toString('utf8'))
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {}
  } catch {
    return {}
  }
}
