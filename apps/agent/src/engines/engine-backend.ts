/**
 * What an engine inside this process offers to the OpenAI-compatible server in front of it.
 *
 * Guarantee: `tokensOut` of an event is cumulative and never decreases, and the end event's usage is the exact count.
 * A backend refuses before it yields anything, by throwing `EngineRequestError`.
 */
import type { EngineFeature } from '@isochrone/domain'
import type { EngineName } from '@isochrone/protocol'

export type ModelCard = {
  readonly id: string
  /** SHA-256 of the weights as bytes32; for a simulated model, of its description. */
  readonly modelHash: `0x${string}`
  readonly contextTokens: number
  readonly simulated: boolean
  /** What a reader should know: the hardware that is simulated, or that the demo model talks nonsense. */
  readonly note: string
  /** Where it was read from, and what it takes; absent where there is no file. */
  readonly file?: { readonly name: string; readonly bytes: number; readonly memoryMib: number | null }
}

export type ChatMessage = { readonly role: 'system' | 'user' | 'assistant'; readonly content: string }

export type GenerationRequest = {
  readonly model: string
  readonly input:
    | { readonly kind: 'chat'; readonly messages: readonly ChatMessage[] }
    | { readonly kind: 'completion'; readonly prompt: string }
  /** Undefined leaves the end to the backend: where the model ends, or its context, or where it states another. */
  readonly tokensOutMax: number | undefined
  readonly temperature: number
  readonly topP: number
  readonly seed: number | undefined
  readonly stop: readonly string[]
  /** The input ends with the beginning of the answer, which another engine has made. */
  readonly continues: boolean
}

export type Usage = { readonly tokensIn: number; readonly tokensCached: number; readonly tokensOut: number }

export type GenerationEvent =
  | { readonly type: 'text'; readonly text: string; readonly usage: Usage }
  | { readonly type: 'end'; readonly text: string; readonly reason: 'stop' | 'length'; readonly usage: Usage }

export type EmbeddingRequest = {
  readonly model: string
  readonly inputs: readonly (string | readonly number[])[]
  /** Undefined: as many as the model has. */
  readonly dimensions: number | undefined
}

export type Embeddings = { readonly vectors: readonly (readonly number[])[]; readonly tokensIn: number }

export type EngineLoad = {
  /** Sequences running now, and requests waiting for one. */
  readonly running: number
  readonly queued: number
  /** Prompt tokens that wait for prefill; undefined where the engine cannot tell. */
  readonly prefillTokens?: number | undefined
  /** Mean context of the sequences that decode, tokens; undefined where the engine cannot tell. */
  readonly contextTokens?: number | undefined
}

export interface EngineBackend {
  /** Absent: nothing that anybody would know by name. */
  readonly engine?: { readonly name: EngineName; readonly version: string | null }
  readonly models: readonly ModelCard[]
  /** What it can, beside what every engine can. */
  readonly features: readonly EngineFeature[]
  /** Yields text as it is made and then one end event. Stops between tokens once `signal` aborts. */
  generate(request: GenerationRequest, signal: AbortSignal): AsyncGenerator<GenerationEvent, void, void>
  /** Vectors of texts or token ids, where `features` has embeddings. */
  embed?(request: EmbeddingRequest, signal: AbortSignal): Promise<Embeddings>
  load(): EngineLoad
  close(): Promise<void>
}

/** A request that an engine refuses, with what the OpenAI error body says. */
export class EngineRequestError extends Error {
  override readonly name = 'EngineRequestError'
  readonly httpStatus: number
  readonly code: string
  readonly param: string | null

  constructor(httpStatus: number, code: string, message: string, param: string | null = null) {
    super(message)
    this.httpStatus = httpStatus
    this.code = code
    this.param = param
  }
}
