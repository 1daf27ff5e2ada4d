/**
 * Follows one stream of an engine: tokens per chunk, and the usage to report at its end.
 *
 * Without usage on the way the chunk that carries the finish reason is held back until the total is known, so that the
 * tokens of all chunks add up to the engine's own count. Of an engine that never counts the prompt it is the fewest tokens
 * that the prompt can have.
 */
import { promptTokensLeast } from '@isochrone/domain'
import type { EngineCall, EngineEvent, EngineUsage, OpenAiChunk } from './engine-driver.ts'
import type { ChunkUsage, EngineChunk } from './openai-chunk.ts'

/** Choices of one request, as gateways take them. */
const CHOICES_MAX = 8

export class ChunkCounter {
  #tokensOut = 0
  #usage: EngineUsage | undefined
  #last: OpenAiChunk = {}
  readonly #request: EngineCall['body']
  /** Of several choices each has its own. */
  #held: { readonly chunk: OpenAiChunk; readonly guessed: number; readonly characters: number }[] = []

  constructor(request: EngineCall['body']) {
    this.#request = request
  }

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
    const usage = this.#usage ?? {
      tokensIn: promptTokensLeast(this.#request),
      tokensCached: 0,
      tokensOut: this.#tokensOut,
    }
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
  if (delta?.content || delta?.refusal || delta?.tool_calls?.length || text) return 1
  // By either name that servers have for it; some say the same text by both.
  return delta?.reasoning_content || (typeof delta?.reasoning === 'string' && delta.reasoning !== '') ? 1 : 0
}

function usageOf(usage: ChunkUsage): EngineUsage {
  return {
    tokensIn: usage.prompt_tokens,
    tokensCached: Math.min(usage.prompt_tokens_details?.cached_tokens ?? 0, usage.prompt_tokens),
    tokensOut: usage.completion_tokens,
  }
}
