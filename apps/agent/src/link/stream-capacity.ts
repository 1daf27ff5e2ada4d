/** How much runs on this node now, over all its gateways: the bound on it, and what heartbeats report. */
import { StreamPace } from '@isochrone/domain'
import { WaitingPrompts } from './waiting-prompts.ts'

export class StreamCapacity {
  readonly concurrencyMax: number
  readonly prompts: WaitingPrompts
  /** How fast the engine is now. */
  readonly pace = new StreamPace()
  #active = 0
  #tokensOut = 0
  #draining = false

  /** `tellsOfPrompts`: whether long prompts are news. */
  constructor(concurrencyMax: number, tellsOfPrompts = true) {
    this.concurrencyMax = concurrencyMax
    this.prompts = new WaitingPrompts(undefined, tellsOfPrompts)
  }

  get active(): number {
    return this.#active
  }

  get draining(): boolean {
    return this.#draining
  }

  /** Output tokens since the start of the process. */
  get tokensOutTotal(): number {
    return this.#tokensOut
  }

  /** Streams that run and those that wait at the engine: these have their place here too, and are said once. */
  counts(queued: number): { activeStreams: number; queuedStreams: number } {
    return { activeStreams: Math.max(0, this.#active - queued), queuedStreams: queued }
  }

  /** Takes a place, or says why there is none. */
  tryEnter(): 'entered' | 'full' | 'draining' {
    if (this.#draining) return 'draining'
    if (this.#active >= this.concurrencyMax) return 'full'
    this.#active += 1
    return 'entered'
  }

  leave(): void {
    this.#active -= 1
  }

  countTokens(tokens: number): void {
    this.#tokensOut += tokens
  }

  /** From now on nothing new starts. */
  drain(): void {
    this.#draining = true
  }
}
