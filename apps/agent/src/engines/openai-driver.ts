/**
 * The driver for an OpenAI-compatible base URL.
 *
 * Connections are kept and used again. Token counts come from per-chunk usage where the engine gives it (vLLM, SGLang,
 * ours), else one for each chunk that carries text.
 */
import { Pool } from 'undici'
import { z } from 'zod'
import {
  EngineFailure,
  type EngineCall,
  type EngineDriver,
  type EngineEvent,
  type EngineKind,
  type EngineModel,
} from './engine-driver.ts'
import { failureOf, refusal } from './engine-failures.ts'
import type { EventCall } from './engine-pool.ts'
import { plainPool, throughUndici } from './engine-requests.ts'
import { EngineStream } from './engine-stream.ts'
import { tryJson } from './openai-chunk.ts'

export type OpenAiDriverOptions = {
  /** With or without a trailing `/v1`. */
  readonly baseUrl: string
  readonly kind?: EngineKind
  readonly apiKey?: string
  readonly connectionsMax?: number
  /** Longest silence before the headers and between chunks, in ms. */
  readonly silenceMsMax?: number
}

const CONNECTIONS_MAX = 256
/** An answer of embeddings: 2,048 vectors of 2,048 numbers. */
const EMBEDDINGS_BYTES_MAX = 96 * 1024 * 1024

const hash = z.templateLiteral(['0x', z.string().regex(/^[0-9a-f]{64}$/)])
const modelsBody = z.object({
  data: z.array(
    z.object({
      id: z.string(),
      model_hash: hash.optional().catch(undefined),
      context_length: z.number().int().positive().optional().catch(undefined),
      max_model_len: z.number().int().positive().nullish().catch(undefined),
      simulated: z.boolean().optional().catch(undefined),
      owned_by: z.string().optional().catch(undefined),
      features: z.array(z.string().max(40)).max(32).optional().catch(undefined),
    }),
  ),
})
const count = z.number().int().nonnegative()
/** A driver for `options.baseUrl`. Nothing is sent before the first call. */
export function createOpenAiDriver(options: OpenAiDriverOptions): EngineDriver {
  const base = new URL(options.baseUrl)
  const prefix = base.pathname.replace(/\/(v1\/?)?$/, '')
  const connectionsMax = options.connectionsMax ?? CONNECTIONS_MAX
  const silenceMsMax = options.silenceMsMax ?? 120_000
  const pool = new Pool(base.origin, {
    connections: connectionsMax,
    headersTimeout: silenceMsMax,
    bodyTimeout: silenceMsMax,
  })
  const requests = base.protocol === 'http:' ? plainPool(base, connectionsMax, silenceMsMax) : throughUndici(pool)
  const auth: Record<string, string> = options.apiKey ? { authorization: `Bearer ${options.apiKey}` } : {}

  return {
    kind: options.kind ?? 'openai',
    async models() {
      const response = await pool
        .request({ path: `${prefix}/v1/models`, method: 'GET', headers: auth })
        .catch((cause: unknown) => Promise.reject(failureOf(cause, false)))
      if (response.statusCode !== 200) throw await refusal(response.statusCode, response.body)
      return modelsBody.parse(await response.body.json()).data.map((model): EngineModel => ({
        id: model.id,
        modelHash: model.model_hash,
        contextTokens: model.context_length ?? model.max_model_len ?? undefined,
        simulated: model.simulated ?? false,
        ownedBy: model.owned_by,
        features: model.features,
      }))
    },
    start: (call, signal) =>
      call.path === '/v1/embeddings'
        ? embed(pool, `${prefix}${call.path}`, auth, call, signal)
        : new EngineStream(requests, eventCallOf(`${prefix}${call.path}`, auth, call), call.body, signal),
    async close() {
      requests.close()
      await pool.destroy()
    },
  }
}

function eventCallOf(path: string, auth: Record<string, string>, call: EngineCall): EventCall {
  const body = { ...call.body, stream: true, stream_options: { include_usage: true, continuous_usage_stats: true } }
  const headers = { ...auth, ...traceOf(call), 'content-type': 'application/json', accept: 'text/event-stream' }
  return { path, headers, body: JSON.stringify(body) }
}

const traceOf = ({ traceparent }: EngineCall): Record<string, string> => (traceparent ? { traceparent } : {})

const embeddingsBody = z.looseObject({
  data: z.array(z.looseObject({ index: z.int().min(0) })),
  usage: z.object({ prompt_tokens: count }),
})

/** One chunk for each vector, so that none is larger than a frame; then usage. */
async function* embed(
  pool: Pool,
  path: string,
  auth: Record<string, string>,
  call: EngineCall,
  signal: AbortSignal,
): AsyncGenerator<EngineEvent, void, void> {
  try {
    const headers = { ...auth, ...traceOf(call), 'content-type': 'application/json' }
    const response = await pool.request({ path, method: 'POST', headers, body: JSON.stringify(call.body), signal })
    if (response.statusCode !== 200) throw await refusal(response.statusCode, response.body)
    const parsed = embeddingsBody.safeParse(tryJson(await textOf(response.body, EMBEDDINGS_BYTES_MAX)))
    if (!parsed.success) throw new EngineFailure('died', 'the engine sent no list of embeddings')
    const { data, usage, ...head } = parsed.data
    for (const vector of data) yield { type: 'chunk', chunk: { ...head, data: [vector] }, tokens: 0, usage: undefined }
    yield { type: 'usage', usage: { tokensIn: usage.prompt_tokens, tokensCached: 0, tokensOut: 0 }, chunk: head }
  } catch (cause) {
    throw signal.aborted
      ? new EngineFailure('aborted', 'the request was cancelled', { cause })
      : failureOf(cause, false)
  }
}

async function textOf(body: AsyncIterable<Uint8Array>, bytesMax: number): Promise<string> {
  const parts: Uint8Array[] = []
  let bytes = 0
  for await (const part of body) {
    bytes += part.length
    if (bytes > bytesMax) throw new EngineFailure('died', `the engine's answer is larger than ${bytesMax} bytes`)
    parts.push(part)
  }
  return Buffer.concat(parts).toString('utf8')
}
