/**
 * The trace of one inference request: a server span, below it admission, placement, each attempt and the settling.
 *
 * Names and attributes are those of OpenTelemetry (HTTP, and GenAI as of semantic conventions 1.45), our own begin with
 * `isochrone.`. No prompt, no answer, no key, no organisation and no message of a node is ever among them. Usage stands at the attempts
 * alone, as it is billed, so that a sum over spans counts each token once.
 */
import { traceparentOf, type TraceAttributes, type TraceSpan, type Tracing } from '@isochrone/runtime'
import { fault } from '@isochrone/protocol'
import type { InferenceRequest } from '../requests/read/parse-request.ts'
import type { Target } from '../requests/target.ts'
import type { AttemptRecord } from '../requests/attempts/attempt-record.ts'

/** How an attempt came about. */
export type AttemptKind = 'first' | 'failover' | 'hedge' | 'continuation'

/** What the request flow says of itself; absent in a gateway without a collector. */
export interface RequestTrace {
  /** The caller is known, the body read, and the request may be placed. */
  admitted(): void
  /** A step below the request; call what it returns at its end. */
  step(name: 'placement' | 'settle'): (errorType?: string) => void
  attempt(attempt: number, kind: AttemptKind, target: Target, request: InferenceRequest): AttemptTrace
  /** The answer is sent, or the connection gone. */
  end(httpStatus: number): void
}

export interface AttemptTrace {
  /** For the node: its own span goes below this one. */
  readonly traceparent: string
  /** Null: it was never dispatched. */
  end(record: AttemptRecord | null): void
}

export interface RequestHead {
  requestId: string
  /** Of queued work: each try of it is a trace, and this finds them all. */
  jobId?: string | null
  receivedAtMs: number
  route: string
  /** The client's own header, whatever it is. */
  traceparent: unknown
}

export const operationOf = (path: string): string =>
  path === '/v1/embeddings' ? 'embeddings' : path === '/v1/completions' ? 'text_completion' : 'chat'

/** Begins the trace of a request, within the client's where it names one. */
export function traceRequest(tracing: Tracing, head: RequestHead): RequestTrace {
  const { requestId, jobId = null, receivedAtMs: startedAtMs, route, traceparent } = head
  const server = tracing.start(`POST ${route}`, traceparentOf(traceparent), {
    kind: 'server',
    startedAtMs,
    attributes: {
      'http.request.method': 'POST',
      'http.route': route,
      'url.path': route,
      'url.scheme': 'http',
      'isochrone.request.id': requestId,
      'isochrone.job.id': jobId ?? undefined,
    },
  })
  const admission = server.child('admission', { startedAtMs })
  return {
    admitted: () => admission.end(),
    step(name) {
      const span = server.child(name)
      return (errorType) => span.end(errorType)
    },
    attempt: (attempt, kind, target, request) =>
      attemptTrace(openAttempt(server, { requestId, attempt, kind }, target, request)),
    end(httpStatus) {
      // A refusal ends here; of an admitted request it ended before.
      admission.end(httpStatus >= 400 ? String(httpStatus) : null)
      server.set({ 'http.response.status_code': httpStatus })
      server.end(httpStatus >= 500 ? String(httpStatus) : null)
    },
  }
}

function openAttempt(
  server: TraceSpan,
  { requestId, attempt, kind }: { requestId: string; attempt: number; kind: AttemptKind },
  { session }: Target,
  request: InferenceRequest,
): TraceSpan {
  const operation = operationOf(request.path)
  return server.child(`${operation} ${request.model}`, {
    kind: 'client',
    attributes: {
      'gen_ai.operation.name': operation,
      'gen_ai.provider.name': 'isochrone',
      'gen_ai.request.model': request.model,
      'gen_ai.request.max_tokens': operation === 'embeddings' ? undefined : request.tokensOutMax,
      'gen_ai.request.stream': request.stream,
      'gen_ai.response.id': requestId,
      'isochrone.node.id': session.nodeId,
      'isochrone.attempt.number': attempt,
      'isochrone.attempt.kind': kind,
    },
  })
}

function attemptTrace(span: TraceSpan): AttemptTrace {
  return {
    traceparent: span.traceparent,
    end(record) {
      if (record === null) return span.end('not_dispatched')
      span.set(resultOf(record))
      const { outcome } = record.result
      span.end(outcome === 'completed' || outcome === 'discarded' || outcome === 'moved' ? null : outcome)
    },
  }
}

function resultOf({ result, completed }: AttemptRecord): TraceAttributes {
  const { attemptTtftMs } = result.seen
  return {
    'gen_ai.response.model': result.seen.intent.model,
    // As the conventions have it: those from the cache are among the input tokens.
    'gen_ai.usage.input_tokens': completed.tokensIn + completed.tokensCached,
    'gen_ai.usage.cache_read.input_tokens': completed.tokensCached,
    'gen_ai.usage.output_tokens': completed.tokensOut,
    'gen_ai.response.time_to_first_chunk': attemptTtftMs === null ? undefined : attemptTtftMs / 1_000,
    'isochrone.attempt.outcome': result.outcome,
    'isochrone.attempt.fault': faultNames[result.seen.fault],
    'isochrone.price.micro_usd': completed.priceMicroUsd.toString(),
  }
}

const faultNames: Readonly<Record<number, string>> = Object.fromEntries(
  Object.entries(fault).map(([name, code]) => [code, name]),
)
