/**
 * The histograms that OpenTelemetry names for servers of generative models, as Prometheus spells them (dots become
 * underscores, seconds are said): `gen_ai.server.request.duration`, `.time_to_first_token`, `.time_per_output_token` and
 * `gen_ai.client.token.usage`. Buckets are those of the conventions.
 *
 * Source: https://opentelemetry.io/docs/specs/semconv/gen-ai/gen-ai-metrics (status: development), package
 * @opentelemetry/semantic-conventions 1.45.
 */
import type { Metrics } from './metrics.ts'
import { SeriesHistogram } from './series-histogram.ts'

export interface GenAiObservation {
  /** `chat`, `text_completion`, `embeddings`. */
  operation: string
  /** Of a bounded set: each is a series. */
  model: string
  durationMs: number
  ttftMs: number | null
  /** Null below two tokens. */
  tpotMs: number | null
  tokensIn: number
  tokensOut: number
}

export interface GenAiMetrics {
  observe(observation: GenAiObservation): void
}

const durationBucketsS = [0.01, 0.02, 0.04, 0.08, 0.16, 0.32, 0.64, 1.28, 2.56, 5.12, 10.24, 20.48, 40.96, 81.92]
const ttftBucketsS = [0.001, 0.005, 0.01, 0.02, 0.04, 0.06, 0.08, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10]
const tpotBucketsS = [0.01, 0.025, 0.05, 0.075, 0.1, 0.15, 0.2, 0.3, 0.4, 0.5, 0.75, 1, 2.5]
const tokenBuckets = [
  1, 4, 16, 64, 256, 1_024, 4_096, 16_384, 65_536, 262_144, 1_048_576, 4_194_304, 16_777_216, 67_108_864,
]
/** More models than this are counted as one: a series is memory for good. */
const SERIES_MAX = 200

export function createGenAiMetrics({ registry }: Metrics): GenAiMetrics {
  const histogram = (name: string, help: string, bounds: readonly number[]) =>
    new SeriesHistogram({ name, help, bounds, registry })
  const duration = histogram('gen_ai_server_request_duration_seconds', 'Request accepted to its end', durationBucketsS)
  const ttft = histogram('gen_ai_server_time_to_first_token_seconds', 'Request accepted to first token', ttftBucketsS)
  const tpot = histogram('gen_ai_server_time_per_output_token_seconds', 'Per token after the first', tpotBucketsS)
  const usage = histogram('gen_ai_client_token_usage', 'Tokens billed', tokenBuckets)
  const known = new Map<string, ReturnType<typeof seriesOf>>()

  function seriesOf(operation: string, model: string) {
    const all = { gen_ai_operation_name: operation, gen_ai_provider_name: 'isochrone', gen_ai_request_model: model }
    return {
      duration: duration.series(all),
      ttft: ttft.series(all),
      tpot: tpot.series(all),
      tokensIn: usage.series({ ...all, gen_ai_token_type: 'input' }),
      tokensOut: usage.series({ ...all, gen_ai_token_type: 'output' }),
    }
  }

  function seriesFor(operation: string, model: string): ReturnType<typeof seriesOf> {
    const key = `${operation} ${model}`
    const found = known.get(key)
    if (found) return found
    if (known.size >= SERIES_MAX && model !== 'other') return seriesFor(operation, 'other')
    const made = seriesOf(operation, model)
    known.set(key, made)
    return made
  }

  return {
    observe({ operation, model, durationMs, ttftMs, tpotMs, tokensIn, tokensOut }) {
      const series = seriesFor(operation, model)
      series.duration.observe(durationMs / 1_000)
      if (ttftMs !== null) series.ttft.observe(ttftMs / 1_000)
      if (tpotMs !== null) series.tpot.observe(tpotMs / 1_000)
      series.tokensIn.observe(tokensIn)
      series.tokensOut.observe(tokensOut)
    },
  }
}
