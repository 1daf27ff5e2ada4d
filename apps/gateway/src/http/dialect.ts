/**
 * How one API words what engines answer: chat and text completions as they come, other APIs by translation.
 *
 * A dialect decides words alone; placement, bills and receipts are the same for all of them.
 */
import { answerIdOf } from '@isochrone/protocol'
import type { RequestContext } from '../requests/request-context.ts'
import { isochroneOf, usageChunkOf, usageOf } from './answer-parts.ts'
import { toOpenAiError } from './openai-error.ts'
import type { Served } from '../requests/serving.ts'

/** The words of one stream. Texts are whole server-sent events. */
export interface StreamWords {
  /** After the headers. */
  begin(): string
  /** One chunk of the node as events; null where chunks go out as they are. */
  readonly translate: ((chunk: Uint8Array) => string) | null
  /** After the receipt is durable. */
  end(served: Served): string
  /** A stream that fails after its headers. */
  fail(error: unknown): string
}

export interface Dialect {
  /** `answer` is what was put together of the chunks. */
  whole: (
    ctx: RequestContext,
    served: Served,
    answer: Record<string, unknown>,
    explain: boolean,
  ) => Record<string, unknown>
  stream: (ctx: RequestContext, explain: boolean) => StreamWords
}

export const eventText = (data: unknown): string => `data: ${JSON.stringify(data)}\n\n`

/** Chat and text completions. */
export const completionsDialect: Dialect = {
  whole: (ctx, served, answer, explain) => ({
    ...answer,
    id: answerIdOf(ctx.request.path, ctx.requestIdHash),
    usage: usageOf(served),
    isochrone: isochroneOf(ctx, served, explain),
  }),
  stream: (ctx, explain) => ({
    begin: () => '',
    translate: null,
    end(served) {
      // People who ask why read the body, not the headers: explained streams end with the chunk, asked for or not.
      const closing = ctx.request.includeUsage || explain
      return `${closing ? eventText(usageChunkOf(ctx, served, explain)) : ''}data: [DONE]\n\n`
    },
    fail: (error) => eventText(toOpenAiError(error, ctx.requestId).body),
  }),
}

/** Embeddings are never streamed, and have no output tokens to count. */
export const embeddingsDialect: Dialect = {
  whole(ctx, served, answer, explain) {
    const { prompt_tokens: tokens } = usageOf(served)
    const usage = { prompt_tokens: tokens, total_tokens: tokens }
    return { ...answer, id: undefined, model: ctx.request.model, usage, isochrone: isochroneOf(ctx, served, explain) }
  },
  stream: completionsDialect.stream,
}
