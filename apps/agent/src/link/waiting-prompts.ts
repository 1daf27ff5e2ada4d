/**
 * Prompts that this node has taken and that have no first token yet, in tokens as their gateways expect them, of all links or
 * of one: what waits for prefill where the engine does not say it, and what a gateway that sends more is told.
 *
 * A gateway that is too old to say how long a prompt is counts for nothing here.
 */
import { declinesPrompt, isPromptNews } from '@isochrone/domain'
import type { StreamPrompt } from '@isochrone/protocol'

export class WaitingPrompts {
  #tokens = 0
  readonly #listeners = new Set<() => void>()

  /** What waits, `engineTokens` of it as the engine says. Of the two the more: an engine hears of a prompt a moment later. */
  tokens(engineTokens = 0): number {
    return Math.max(this.#tokens, engineTokens)
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
  begin(prompt: StreamPrompt, contextTokensMax: number): () => void {
    const tokens = Math.min(prompt.tokens, contextTokensMax)
    this.#tokens += tokens
    let waits = true
    if (isPromptNews(tokens)) for (const listener of this.#listeners) listener()
    return () => {
      if (waits) this.#tokens -= tokens
      waits = false
    }
  }

  /** Calls when a long prompt was taken. Returns what ends that. */
  onNews(listener: () => void): () => void {
    this.#listeners.add(listener)
    return () => void this.#listeners.delete(listener)
  }
}
