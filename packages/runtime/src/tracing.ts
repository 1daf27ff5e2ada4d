/**
 * What a process says of itself in traces. A span takes names, numbers and flags that its caller chose one by one: never a
 * message of an error, a body or a key.
 */

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

/** Version 00 alone is read as it stands; of a later one its first four fields (W3C Trace Context §4.3). */
const TRACEPARENT = /^(?!ff)[0-9a-f]{2}-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}(?=$|-)/

/** The header's first 55 characters where they name a trace, else null: what a client sends may be anything. */
export function traceparentOf(header: unknown): string | null {
  if (typeof header !== 'string' || header.length > 512) return null
  const found = TRACEPARENT.exec(header)
  if (!found || (header.startsWith('00') && header.length !== 55)) return null
  return `00${header.slice(2, 55)}`
}
