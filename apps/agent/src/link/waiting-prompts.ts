/**
 * Prompts that this node has taken and that have no first token yet, of all links or of one: what waits for prefill, as far as
 * gateways and first tokens tell it (`PromptQueue`), and what a gateway that sends more is told.
 *
 * A gateway that is too old to say how long a prompt is counts for nothing here.
 */
import { declinesPrompt, isPromptNews, PromptQueue, type QueuedPrompt } from '@isochrone/domain'
import type { StreamPrompt } from '@isochrone/protocol'

export class WaitingPrompts {
  readonly #queue = new PromptQueue<object>()
  readonly #listeners = new Set<() => void>()
  readonly #nowMs: () => number
  readonly #tells: boolean

  /** `tells`: whether long prompts are news. */
  constructor(nowMs: () => number = () => performance.now(), tells = true) {
    this.#nowMs = nowMs
    this.#tells = tells
  }

  /** What waits, `engineTokens` of it as the engine says. Of the two the more: an engine hears of a prompt a moment later. */
  tokens(engineTokens = 0): number {
    return Math.max(this.#queue.tokens(this.#nowMs()), engineTokens)
  }

  /** What one link's gateway has sent of it. */
  tokensOf(link: object): number {
    return this.#queue.tokensOf(link, this.#nowMs())
  }

  /** What waits, where that is more than may wait before `prompt`: it is declined. Null: it may come. */
  declines(prompt: StreamPrompt | undefined, engineTokens: number | undefined): number | null {
    const waiting = this.tokens(engineTokens)
    return declinesPrompt(waiting, prompt?.aheadMax) ? waiting : null
  }

  /**
   * A prompt was taken, of which no more counts than the model can read: a gateway's word alone must not make this node look full
   * to others, nor grow to what is no count any more. Returns what is called when its first token has come, or it is over;
   * later calls do nothing.
   */
  begin(link: object, prompt: StreamPrompt, contextTokensMax: number): QueuedPrompt {
    const tokens = Math.min(prompt.tokens, contextTokensMax)
    const queued = this.#queue.begin(link, tokens, this.#nowMs())
    if (this.#tells && isPromptNews(tokens)) for (const listener of this.#listeners) listener()
    return queued
  }

  /** Calls when a long prompt was taken. Returns what ends that. */
  onNews(listener: () => void): () => void {
    this.#listeners.add(listener)
    return () => void this.#listeners.delete(listener)
  }
}
