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
  type EngineUsage,
  type OpenAiChunk,
} from './engine-driver.ts'
import { EventRefusal, EventStream } from './event-stream.ts'
import { errorOf, parseChunk, tryJson, type ChunkUsage, type EngineChunk } from './openai-chunk.ts'

export type OpenAiDriverOptions = {
  /** With or without a trailing `/v1`. */
  readonly baseUrl: string
  readonly kind?: EngineKind
  readonly apiKey?: string
  readonly connectionsMax?: number
  /** Longest silence before the headers and between chunks, in ms. */
  readonly silenceMsMax?: number
}

const ERROR_BYTES_MAX = 64 * 1024
/** Choices of one request, as gateways take them. */
const CHOICES_MAX = 8
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
  const silenceMsMax = options.silenceMsMax ?? 120_000
  const pool = new Pool(base.origin, {
    connections: options.connectionsMax ?? 256,
    headersTimeout: silenceMsMax,
    bodyTimeout: silenceMsMax,
  })
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
        : stream(pool, `${prefix}${call.path}`, auth, call, signal),
    close: () => pool.destroy(),
  }
}

async function* stream(
  pool: Pool,
  path: string,
  auth: Record<string, string>,
  call: EngineCall,
  signal: AbortSignal,
): AsyncGenerator<EngineEvent, void, void> {
  const body = { ...call.body, stream: true, stream_options: { include_usage: true, continuous_usage_stats: true } }
  if (signal.aborted) throw new EngineFailure('aborted', 'the request was cancelled')
  const headers = { ...auth, ...traceOf(call), 'content-type': 'application/json', accept: 'text/event-stream' }
  const events = new EventStream(pool, { path, headers, body: JSON.stringify(body) })
  const onAbort = () => events.abort()
  signal.addEventListener('abort', onAbort, { once: true })
  let begun = false
  let isWhole = false
  try {
    const counter = new ChunkCounter()
    for (let batch = await events.next(); batch !== null; batch = await events.next()) {
      begun = true
      for (const data of batch) {
        if (data === '[DONE]') {
          isWhole = true
          return yield* counter.end()
        }
        const event = counter.read(parseChunk(data), data.length)
        if (event) yield event
      }
    }
    throw new EngineFailure('died', 'the engine ended its stream without [DONE]')
  } catch (cause) {
    if (signal.aborted) throw new EngineFailure('aborted', 'the request was cancelled', { cause })
    throw cause instanceof EventRefusal ? refusalOf(cause.httpStatus, cause.text) : failureOf(cause, begun)
  } finally {
    signal.removeEventListener('abort', onAbort)
    if (isWhole) events.finish()
    else events.abort()
  }
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

/**
 * Follows one stream: tokens per chunk, and the usage to report at its end.
 *
 * Without usage on the way the chunk that carries the finish reason is held back until the total is known, so that the
 * tokens of all chunks add up to the engine's own count.
 */
class ChunkCounter {
  #tokensOut = 0
  #usage: EngineUsage | undefined
  #last: OpenAiChunk = {}
  /** Of several choices each has its own. */
  #held: { readonly chunk: OpenAiChunk; readonly guessed: number; readonly characters: number }[] = []

  /** Takes a chunk that nobody else holds: its usage is taken out in place, since a copy of each costs more than to count it. */
  read(chunk: EngineChunk, characters: number): EngineEvent | undefined {
    const { usage } = chunk
    if (usage) this.#usage = usageOf(usage)
    if (usage !== undefined) chunk.usage = undefined
    const [choice] = chunk.choices
    this.#last = chunk
    if (!choice) return undefined
    const guessed = chunk.choices.reduce((sum, each) => sum + tokensOf(each), 0)
    if (!usage && choice.finish_reason && this.#held.length < CHOICES_MAX) {
      this.#held.push({ chunk, guessed, characters })
      return undefined
    }
    return this.#count(chunk, usage ? Math.max(0, usage.completion_tokens - this.#tokensOut) : guessed, characters)
  }

  *end(): Generator<EngineEvent, void, void> {
    for (const [index, { chunk, guessed, characters }] of this.#held.entries()) {
      const rest = this.#usage && index === this.#held.length - 1 ? this.#usage.tokensOut - this.#tokensOut : guessed
      yield this.#count(chunk, Math.max(0, rest), characters)
    }
    const usage = this.#usage ?? { tokensIn: 0, tokensCached: 0, tokensOut: this.#tokensOut }
    yield { type: 'usage', usage, chunk: { ...this.#last, choices: [] } }
  }

  #count(chunk: OpenAiChunk, tokens: number, characters: number): EngineEvent {
    this.#tokensOut += tokens
    return { type: 'chunk', chunk, tokens, usage: this.#usage, characters }
  }
}

/** Without usage on the way: as many as have a log-probability, else one for a piece of text or of a call. */
function tokensOf({ delta, text, logprobs }: EngineChunk['choices'][number]): number {
  const listed = logprobs?.content?.length ?? logprobs?.tokens?.length ?? 0
  if (listed > 0) return listed
  return delta?.content || delta?.reasoning_content || delta?.refusal || delta?.tool_calls?.length || text ? 1 : 0
}

function usageOf(usage: ChunkUsage): EngineUsage {
  return {
    tokensIn: usage.prompt_tokens,
    tokensCached: Math.min(usage.prompt_tokens_details?.cached_tokens ?? 0, usage.prompt_tokens),
    tokensOut: usage.completion_tokens,
  }
}

async function refusal(httpStatus: number, body: AsyncIterable<Uint8Array>): Promise<EngineFailure> {
  const parts: Uint8Array[] = []
  let bytes = 0
  for await (const part of body) {
    bytes += part.length
    if (bytes > ERROR_BYTES_MAX) break
    parts.push(part)
  }
  return refusalOf(httpStatus, Buffer.concat(parts).toString('utf8'))
}

function refusalOf(httpStatus: number, text: string): EngineFailure {
  const error = errorOf(tryJson(text))
  const message = error?.message ?? `the engine answered ${httpStatus}: ${text.slice(0, 200)}`
  const overloaded = httpStatus === 429 || httpStatus === 503
  const reason = overloaded ? 'overloaded' : httpStatus >= 500 ? 'unavailable' : 'rejected'
  return new EngineFailure(reason, message, { httpStatus, ...(error?.code !== undefined && { code: error.code }) })
}

function failureOf(cause: unknown, begun: boolean): EngineFailure {
  if (cause instanceof EngineFailure) return cause
  const code = cause instanceof Error && 'code' in cause ? cause.code : undefined
  const silent = code === 'UND_ERR_HEADERS_TIMEOUT' || code === 'UND_ERR_BODY_TIMEOUT'
  const message = cause instanceof Error ? cause.message : 'the engine failed'
  if (silent) return new EngineFailure('timeout', 'the engine was silent for too long', { cause })
  return new EngineFailure(begun ? 'died' : 'unavailable', message, { cause })
}
