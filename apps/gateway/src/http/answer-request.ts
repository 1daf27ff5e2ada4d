/** Serves an admitted request and sends its answer in the words of its API, whole or streamed. */
import type { FastifyReply } from 'fastify'
import { collectAnswer } from '../requests/answer/collect-answer.ts'
import type { RequestContext } from '../requests/request-context.ts'
import { serveRequest } from '../requests/serve-request.ts'
import { answerHeaders, billHeaders } from './answer-parts.ts'
import type { Dialect } from './dialect.ts'
import type { Claim } from '../idempotency/idempotency.ts'
import { recordServed } from './record-served.ts'
import { recordStream } from './record-stream.ts'
import type { GatewayDeps } from './gateway-deps.ts'
import { createSseSink } from './sse-sink.ts'
import type { Served } from '../requests/serving.ts'

export interface AnswerOptions {
  dialect: Dialect
  explain: boolean
  /** Headers that tell its caller's limits. */
  limits: Record<string, string>
  /** Of a request with an idempotency key: it runs to its end whoever leaves, and its answer is kept. */
  claim: Claim | null
  /** Told what was billed, once. */
  onServed: (served: Served) => void
}

/** Throws what went wrong before the first chunk left; later failures end the stream with an error frame. */
export async function answerStreaming(
  deps: GatewayDeps,
  ctx: RequestContext,
  reply: FastifyReply,
  { dialect, explain, limits, claim, onServed }: AnswerOptions,
): Promise<FastifyReply> {
  const words = dialect.stream(ctx, explain)
  const recording = claim && recordStream()
  const sink = createSseSink(reply.raw, {
    signal: claim ? NEVER : goneSignal(reply),
    words,
    record: recording?.add,
    headersOf(target, placement) {
      const headers = { ...limits, ...answerHeaders(ctx.requestId, target, placement, explain) }
      recording?.head(headers)
      return headers
    },
  })
  const end = async (events: string): Promise<void> => {
    await claim?.keep(recording?.whole(events) ?? null)
    sink.end(events)
  }
  try {
    const { served, events } = await serveRequest(deps.serve, ctx, sink, (served) => ({
      served,
      events: served.brokenBy ? words.fail(served.brokenBy) : words.end(served),
    }))
    recordServed(deps, ctx, served)
    onServed(served)
    await end(events)
  } catch (error) {
    // Once chunks have left there is no status to send: an error frame, because a stream that merely stops looks whole.
    if (!sink.started) throw error
    deps.logger.error({ err: error, requestId: ctx.requestId }, 'a stream could not be finished')
    await end(words.fail(error))
  }
  return reply.hijack()
}

export async function answerWhole(
  deps: GatewayDeps,
  ctx: RequestContext,
  reply: FastifyReply,
  { dialect, explain, limits, claim, onServed }: AnswerOptions,
): Promise<FastifyReply> {
  const sink = collectAnswer(ctx.request.path, claim ? NEVER : goneSignal(reply), ctx.request.sealed !== undefined)
  const { served, kept, head } = await serveRequest(deps.serve, ctx, sink, (served) => {
    const body = JSON.stringify(dialect.whole(ctx, served, sink.answer(), explain))
    const headers = {
      ...answerHeaders(ctx.requestId, served.target, served.placement, explain),
      ...billHeaders(served),
      'content-type': 'application/json; charset=utf-8',
    }
    const head = { ...limits, ...headers, 'content-length': Buffer.byteLength(body) }
    return { served, kept: { headers, body }, head }
  })
  await claim?.keep(kept)
  reply.hijack().raw.writeHead(200, head).end(kept.body)
  recordServed(deps, ctx, served)
  onServed(served)
  return reply
}

/** Whoever gave a key wants the answer, if not on this connection then on the next. */
const NEVER = new AbortController().signal

/** Aborts when the connection closes before the answer was sent. */
function goneSignal(reply: FastifyReply): AbortSignal {
  const gone = new AbortController()
  reply.raw.once('close', () => {
    if (!reply.raw.writableFinished) gone.abort()
  })
  return gone.signal
}
