/**
 * Traces of one process, exported by OTLP over HTTP to where the operator says and nowhere else.
 *
 * Without `OTEL_EXPORTER_OTLP_ENDPOINT` there is no `Tracing`, the SDK is not even loaded, and who would trace finds null.
 */
import type { Logger } from './logger.ts'
import type { Tracing } from './tracing.ts'

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
