/**
 * The node's own span of one attempt, below the gateway's: how long the engine had it, and what was signed for.
 *
 * Numbers and names alone: no prompt, no answer, and no message of the engine, which could quote either.
 */
import type { StreamEnd, StreamOpen } from '@isochrone/protocol'
import { traceparentOf, type TraceAttributes, type Tracing } from '@isochrone/runtime'

export interface StreamTrace {
  /** For the engine. */
  readonly traceparent: string
  /** Null: it could not even be signed for. */
  end(end: StreamEnd | null): void
}

const operations: Readonly<Record<StreamOpen['path'], string>> = {
  '/v1/chat/completions': 'chat',
  '/v1/completions': 'text_completion',
  '/v1/embeddings': 'embeddings',
}

export function traceStream(tracing: Tracing, open: StreamOpen): StreamTrace {
  const operation = operations[open.path]
  const span = tracing.start(`${operation} ${open.model}`, traceparentOf(open.traceparent), {
    kind: 'server',
    attributes: {
      'gen_ai.operation.name': operation,
      'gen_ai.provider.name': 'isochrone',
      'gen_ai.request.model': open.model,
      'isochrone.attempt.number': open.attempt,
    },
  })
  return {
    traceparent: span.traceparent,
    end(end) {
      if (end?.work) span.set(workOf(end.work.work))
      span.set({ 'isochrone.stream.status': end?.status })
      span.end(end === null ? 'not_signed' : end.status === 'completed' ? null : end.status)
    },
  }
}

/** What the node says that it did; what of it is billed stands in the gateway's span. */
function workOf(work: Readonly<Record<string, string | number>>): TraceAttributes {
  return {
    'isochrone.work.tokens_in': Number(work.tokensIn) + Number(work.tokensCached),
    'isochrone.work.tokens_out': Number(work.tokensOut),
    'isochrone.work.ttft_us': Number(work.engineTtftUs),
    'isochrone.work.duration_us': Number(work.engineDurationUs),
  }
}
