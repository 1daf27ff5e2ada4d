/**
 * The driver for an OpenAI-compatible base URL.
 *
 * `pipelining: 0` because some servers close their socket after a stream while promising keep-alive. Token counts come
 * from per-chunk usage where the engine gives it (vLLM, SGLang, ours), else one for each chunk that carries text.
 */
import { createParser } from 'eventsource-parser'
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
const usageBody = z.object({
  prompt_tokens: count,
  completion_tokens: count.optional().default(0),
  prompt_tokens_details: z.object({ cached_tokens: count.nullish() }).nullish(),
})
const chunkBody = z.looseObject({
  choices: z
    .array(
      z.looseObject({
        text: z.string().nullish(),
        finish_reason: z.string().nullish(),
        delta: z
          .looseObject({
            content: z.string().nullish(),
            reasoning_content: z.string().nullish(),
            refusal: z.string().nullish(),
            tool_calls: z.array(z.unknown()).nullish(),
          })
          .nullish(),
        logprobs: z
          .looseObject({ content: z.array(z.unknown()).nullish(), tokens: z.array(z.unknown()).nullish() })
          .nullish(),
      }),
    )
    .optional()
    .default([]),
  usage: usageBody.nullish(),
})
const errorBody = z.object({
  error: z.object({ message: z.string(), code: z.union([z.string(), z.number()]).nullish().catch(undefined) }),
})

/** A driver for `options.baseUrl`. Nothing is sent before the first call. */
export function createOpenAiDriver(options: OpenAiDriverOptions): EngineDriver {
  const base = new URL(options.baseUrl)
  const prefix = base.pathname.replace(/\/(v1\/?)?$/, '')
  const silenceMsMax = options.silenceMsMax ?? 120_000
  const pool = new Pool(base.origin, {
    pipelining: 0,
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
  let begun = false
  try {
    const headers = { ...auth, ...traceOf(call), 'content-type': 'application/json', accept: 'text/event-stream' }
    const response = await pool.request({ path, method: 'POST', headers, body: JSON.stringify(body), signal })
    if (response.statusCode !== 200) throw await refusal(response.statusCode, response.body)
    const counter = new ChunkCounter()
    for await (const data of serverSentData(response.body)) {
      begun = true
      if (data === '[DONE]') return yield* counter.end()
      const event = counter.read(parseChunk(data))
      if (event) yield event
    }
    throw new EngineFailure('died', 'the engine ended its stream without [DONE]')
  } catch (cause) {
    throw signal.aborted
      ? new EngineFailure('aborted', 'the request was cancelled', { cause })
      : failureOf(cause, begun)
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
  #held: { readonly chunk: OpenAiChunk; readonly guessed: number }[] = []

  read({ usage, ...chunk }: z.output<typeof chunkBody>): EngineEvent | undefined {
    if (usage) this.#usage = usageOf(usage)
    const [choice] = chunk.choices
    this.#last = { ...chunk, choices: [] }
    if (!choice) return undefined
    const guessed = chunk.choices.reduce((sum, each) => sum + tokensOf(each), 0)
    if (!usage && choice.finish_reason && this.#held.length < CHOICES_MAX) {
      this.#held.push({ chunk, guessed })
      return undefined
    }
    return this.#count(chunk, usage ? Math.max(0, usage.completion_tokens - this.#tokensOut) : guessed)
  }

  *end(): Generator<EngineEvent, void, void> {
    for (const [index, { chunk, guessed }] of this.#held.entries()) {
      const rest = this.#usage && index === this.#held.length - 1 ? this.#usage.tokensOut - this.#tokensOut : guessed
      yield this.#count(chunk, Math.max(0, rest))
    }
    const usage = this.#usage ?? { tokensIn: 0, tokensCached: 0, tokensOut: this.#tokensOut }
    yield { type: 'usage', usage, chunk: this.#last }
  }

  #count(chunk: OpenAiChunk, tokens: number): EngineEvent {
    this.#tokensOut += tokens
    return { type: 'chunk', chunk, tokens, usage: this.#usage }
  }
}

/** Without usage on the way: as many as have a log-probability, else one for a piece of text or of a call. */
function tokensOf({ delta, text, logprobs }: z.output<typeof chunkBody>['choices'][number]): number {
  const listed = logprobs?.content?.length ?? logprobs?.tokens?.length ?? 0
  if (listed > 0) return listed
  return delta?.content || delta?.reasoning_content || delta?.refusal || delta?.tool_calls?.length || text ? 1 : 0
}

function usageOf(usage: z.output<typeof usageBody>): EngineUsage {
  return {
    tokensIn: usage.prompt_tokens,
    tokensCached: Math.min(usage.prompt_tokens_details?.cached_tokens ?? 0, usage.prompt_tokens),
    tokensOut: usage.completion_tokens,
  }
}

async function* serverSentData(body: AsyncIterable<Uint8Array>): AsyncGenerator<string, void, void> {
  const ready: string[] = []
  const parser = createParser({ onEvent: (event) => ready.push(event.data) })
  const decoder = new TextDecoder()
  for await (const bytes of body) {
    parser.feed(decoder.decode(bytes, { stream: true }))
    yield* ready.splice(0)
  }
}

function parseChunk(data: string): z.output<typeof chunkBody> {
  let value: unknown
  try {
    value = JSON.parse(data)
  } catch (cause) {
    throw new EngineFailure('died', 'the engine sent an event that is not JSON', { cause })
  }
  const error = errorBody.safeParse(value)
  if (error.success) throw new EngineFailure('died', error.data.error.message, codeOf(error.data.error.code))
  const chunk = chunkBody.safeParse(value)
  if (!chunk.success) throw new EngineFailure('died', `the engine sent a malformed chunk: ${chunk.error.message}`)
  return chunk.data
}

async function refusal(httpStatus: number, body: AsyncIterable<Uint8Array>): Promise<EngineFailure> {
  const parts: Uint8Array[] = []
  let bytes = 0
  for await (const part of body) {
    bytes += part.length
    if (bytes > ERROR_BYTES_MAX) break
    parts.push(part)
  }
  const text = Buffer.concat(parts).toString('utf8')
  const parsed = errorBody.safeParse(tryJson(text))
  const message = parsed.success
    ? parsed.data.error.message
    : `the engine answered ${httpStatus}: ${text.slice(0, 200)}`
  const code = parsed.success ? codeOf(parsed.data.error.code) : {}
  const overloaded = httpStatus === 429 || httpStatus === 503
  const reason = overloaded ? 'overloaded' : httpStatus >= 500 ? 'unavailable' : 'rejected'
  return new EngineFailure(reason, message, { httpStatus, ...code })
}

function failureOf(cause: unknown, begun: boolean): EngineFailure {
  if (cause instanceof EngineFailure) return cause
  const code = cause instanceof Error && 'code' in cause ? cause.code : undefined
  const silent = code === 'UND_ERR_HEADERS_TIMEOUT' || code === 'UND_ERR_BODY_TIMEOUT'
  const message = cause instanceof Error ? cause.message : 'the engine failed'
  if (silent) return new EngineFailure('timeout', 'the engine was silent for too long', { cause })
  return new EngineFailure(begun ? 'died' : 'unavailable', message, { cause })
}

function codeOf(code: string | number | null | undefined): { code?: string } {
  return code === null || code === undefined ? {} : { code: String(code) }
}

function tryJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
