/**
 * Traces of one process, exported by OTLP over HTTP to where the operator says and nowhere else.
 *
 * Without `OTEL_EXPORTER_OTLP_ENDPOINT` there is no `Tracing`, the SDK is not even loaded, and who would trace finds null.
 * A span takes names, numbers and flags that its caller chose one by one: never a message of an error, a body or a key.
 */
import type { Logger } from './logger.ts'

/** Attribute values; longer texts are cut. */
export type TraceAttributes = Readonly<Record<string, string | number | boolean | readonly string[] | undefined>>

export interface SpanOptions {
  kind?: 'internal' | 'server' | 'client'
  /** ms since the epoch; now where absent. */
  startedAtMs?: number
  attributes?: TraceAttributes
}

export interface TraceSpan {
  /** As the W3C Trace Context header names it: what the next process takes for its parent. */
  readonly traceparent: string
  child(name: string, options?: SpanOptions): TraceSpan
  set(attributes: TraceAttributes): void
  /** `errorType`: a code of low cardinality, which marks the span as failed. A second call does nothing. */
  end(errorType?: string | null): void
}

export interface Tracing {
  /** A span below `parent`, which came in a `traceparent` header; of a trace of its own where there is none. */
  start(name: string, parent: string | null, options?: SpanOptions): TraceSpan
  /** Sends what is still here. Never rejects. */
  stop(): Promise<void>
}

/** What `tracing` of the environment says. */
export interface TracingSettings {
  OTEL_EXPORTER_OTLP_ENDPOINT?: string | undefined
  OTEL_EXPORTER_OTLP_TRACES_ENDPOINT?: string | undefined
  OTEL_TRACES_SAMPLER_ARG: number
}

/** Null where the operator names no collector. `service` becomes `isochrone-<service>`. */
export async function startTracing(
  service: string,
  settings: TracingSettings,
  logger: Logger,
): Promise<Tracing | null> {
  const { OTEL_EXPORTER_OTLP_ENDPOINT: base, OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: traces } = settings
  // The signal's own endpoint is taken as it is, the common one gets the path: so the OTLP specification says.
  const url = traces ?? (base === undefined ? undefined : `${base.replace(/\/+$/, '')}/v1/traces`)
  if (url === undefined) return null
  const { createOtlpTracing } = await import('./otlp-tracing.ts')
  return createOtlpTracing({ service, url, ratio: settings.OTEL_TRACES_SAMPLER_ARG, logger })
}

/** Version 00 alone is read as it stands; of a later one its first four fields (W3C Trace Context §4.3). */
const TRACEPARENT = /^(?!ff)[0-9a-f]{2}-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}(?=$|-)/

/** The header's first 55 characters where they name a trace, else null: what a client sends may be anything. */
export function traceparentOf(header: unknown): string | null {
  if (typeof header !== 'string' || header.length > 512) return null
  const found = TRACEPARENT.exec(header)
  if (!found || (header.startsWith('00') && header.length !== 55)) return null
  return `00${header.slice(2, 55)}`
}
