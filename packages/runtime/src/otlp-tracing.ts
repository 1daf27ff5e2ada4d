/**
 * {@link Tracing} with the OpenTelemetry SDK: batches of spans, sent aside; what a slow collector does not take is dropped
 * once 2,048 spans wait.
 *
 * Whoever asks to be sampled gets no more than the ratio; who asks not to be is not. All processes of one trace decide
 * alike, because the ratio is taken of the trace's id.
 */
import {
  ROOT_CONTEXT,
  SpanKind,
  SpanStatusCode,
  trace,
  type Attributes,
  type Context,
  type Span,
} from '@opentelemetry/api'
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http'
import { resourceFromAttributes } from '@opentelemetry/resources'
import {
  AlwaysOffSampler,
  BatchSpanProcessor,
  ParentBasedSampler,
  TraceIdRatioBasedSampler,
  TracerProvider,
} from '@opentelemetry/sdk-trace'
import type { Logger } from './logger.ts'
import type { SpanOptions, TraceAttributes, TraceSpan, Tracing } from './tracing.ts'

export interface OtlpTracingOptions {
  service: string
  /** Of the collector, path included. */
  url: string
  /** Share of traces that are sampled, 0 to 1. */
  ratio: number
  logger: Logger
}

const QUEUE_MAX = 2_048
const BATCH_MAX = 512
const BATCH_DELAY_MS = 2_000
const EXPORT_MS_MAX = 5_000
const VALUE_LENGTH_MAX = 256
const kinds = { internal: SpanKind.INTERNAL, server: SpanKind.SERVER, client: SpanKind.CLIENT } as const

export function createOtlpTracing({ service, url, ratio, logger }: OtlpTracingOptions): Tracing {
  const sampler = new TraceIdRatioBasedSampler(ratio)
  const provider = new TracerProvider({
    resource: resourceFromAttributes({ 'service.name': `isochrone-${service}`, 'service.namespace': 'isochrone' }),
    sampler: new ParentBasedSampler({
      root: sampler,
      remoteParentSampled: sampler,
      remoteParentNotSampled: new AlwaysOffSampler(),
    }),
    spanLimits: { attributeValueLengthLimit: VALUE_LENGTH_MAX, attributeCountLimit: 64, eventCountLimit: 16 },
    spanProcessors: [
      new BatchSpanProcessor({
        exporter: new OTLPTraceExporter({ url, timeoutMillis: EXPORT_MS_MAX }),
        maxQueueSize: QUEUE_MAX,
        maxExportBatchSize: BATCH_MAX,
        scheduledDelayMillis: BATCH_DELAY_MS,
        exportTimeoutMillis: EXPORT_MS_MAX,
      }),
    ],
  })
  const tracer = provider.getTracer('isochrone')

  function open(name: string, parent: Context, { kind = 'internal', startedAtMs, attributes }: SpanOptions): TraceSpan {
    const options = { kind: kinds[kind], ...(startedAtMs !== undefined && { startTime: startedAtMs }) }
    const span = tracer.startSpan(name, { ...options, ...(attributes && { attributes: given(attributes) }) }, parent)
    return spanOf(span, (child, childOptions) => open(child, trace.setSpan(parent, span), childOptions))
  }

  return {
    start: (name, parent, options = {}) => open(name, parent === null ? ROOT_CONTEXT : contextOf(parent), options),
    stop: () =>
      provider.shutdown().catch((error: unknown) => logger.warn({ err: error }, 'the last traces could not be sent')),
  }
}

function spanOf(span: Span, child: (name: string, options: SpanOptions) => TraceSpan): TraceSpan {
  const { traceId, spanId, traceFlags } = span.spanContext()
  return {
    traceparent: `00-${traceId}-${spanId}-${traceFlags.toString(16).padStart(2, '0')}`,
    child: (name, options = {}) => child(name, options),
    set: (attributes) => void span.setAttributes(given(attributes)),
    end(errorType) {
      if (!span.isRecording()) return
      if (errorType) {
        span.setAttribute('error.type', errorType)
        span.setStatus({ code: SpanStatusCode.ERROR })
      }
      span.end()
    },
  }
}

function contextOf(traceparent: string): Context {
  const [, traceId = '', spanId = '', flags = '00'] = traceparent.split('-')
  return trace.setSpanContext(ROOT_CONTEXT, {
    traceId,
    spanId,
    traceFlags: Number.parseInt(flags, 16) & 1,
    isRemote: true,
  })
}

function given(attributes: TraceAttributes): Attributes {
  return Object.fromEntries(
    Object.entries(attributes).flatMap(([name, value]) =>
      value === undefined ? [] : [[name, typeof value === 'object' ? [...value] : value]],
    ),
  )
}
