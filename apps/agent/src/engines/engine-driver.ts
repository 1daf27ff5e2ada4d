/**
 * How the agent drives any engine: an OpenAI-compatible URL, always streaming.
 *
 * Built-in and external engines are driven alike, so what works with ours works with vLLM, SGLang or Ollama. Every
 * failure is an `EngineFailure` with a reason; nothing is read ahead of the consumer beyond one socket buffer.
 */

export type EngineKind = 'llama' | 'simulated' | 'openai'

export type EngineModel = {
  readonly id: string
  /** As the engine reports it; undefined for engines that do not. */
  readonly modelHash: `0x${string}` | undefined
  readonly contextTokens: number | undefined
  readonly simulated: boolean
  /** The server's own name, as its model list says it; undefined where it says nothing. */
  readonly ownedBy: string | undefined
  /** What the engine itself says that it can; undefined for engines that do not. */
  readonly features: readonly string[] | undefined
}

export type EngineUsage = { readonly tokensIn: number; readonly tokensCached: number; readonly tokensOut: number }

export type OpenAiChunk = Readonly<Record<string, unknown>>

export type EngineEvent =
  | {
      readonly type: 'chunk'
      /** As the engine sent it, without per-chunk usage. */
      readonly chunk: OpenAiChunk
      /** Output tokens that this chunk carries; 0 for a role or an empty one. */
      readonly tokens: number
      /** Usage so far, where the engine reports it on the way. */
      readonly usage: EngineUsage | undefined
      /** In which the engine said it, UTF-16 units; undefined where that is not known. */
      readonly characters?: number
    }
  | { readonly type: 'usage'; readonly usage: EngineUsage; readonly chunk: OpenAiChunk }

export type EngineCall = {
  readonly path: '/v1/chat/completions' | '/v1/completions' | '/v1/embeddings'
  readonly body: Readonly<Record<string, unknown>>
  /** W3C Trace Context of the caller, for engines that trace. */
  readonly traceparent?: string | undefined
}

export interface EngineEvents extends AsyncIterableIterator<EngineEvent, void, void> {
  /** What `next()` would give without waiting, where there is such a thing. Throws as it does. */
  take?(): EngineEvent | undefined
  /** True: what the engine says is left unread until this is called with false, as far as it can be; nobody waits for it. */
  rest?(isResting: boolean): void
  return(): Promise<IteratorResult<EngineEvent, void>>
}

export interface EngineDriver {
  readonly kind: EngineKind
  /** The models that the engine serves now. */
  models(): Promise<readonly EngineModel[]>
  /**
   * Sends a request and yields its chunks, then exactly one usage event, last.
   * @throws {EngineFailure} from the first `next()` when refused, from a later one when the engine died on the way.
   */
  start(call: EngineCall, signal: AbortSignal): EngineEvents
  close(): Promise<void>
}

export type EngineFailureReason =
  /** The engine refused the request: the client's fault (4xx). */
  | 'rejected'
  /** The engine is full (429, 503). */
  | 'overloaded'
  /** No connection, or a 5xx before the first chunk. */
  | 'unavailable'
  /** The stream broke off, or carried an error, after it had begun. */
  | 'died'
  /** Silence for longer than the engine's limit. */
  | 'timeout'
  /** Our own signal. */
  | 'aborted'

export class EngineFailure extends Error {
  override readonly name = 'EngineFailure'
  readonly reason: EngineFailureReason
  readonly httpStatus: number | undefined
  /** The engine's own OpenAI error code, when it sent one. */
  readonly code: string | undefined

  constructor(
    reason: EngineFailureReason,
    message: string,
    options: { httpStatus?: number; code?: string; cause?: unknown } = {},
  ) {
    super(message, { cause: options.cause })
    this.reason = reason
    this.httpStatus = options.httpStatus
    this.code = options.code
  }
}
