/**
 * What an engine's requests still ask of it, in tokens, for heartbeats: prompts that wait for prefill, and the mean
 * context of what is decoded.
 */
export interface RequestLoad {
  /** Prompt tokens that the cache holds, or that are done: they wait no more. */
  prefilled(tokens: number): void
  /** The whole prompt is done; from now on it decodes. Later calls do nothing. */
  decoding(): void
  /** One output token more. */
  token(): void
  /** It is over. Later calls do nothing. */
  end(): void
}

export class TokenLoad {
  #prefill = 0
  #context = 0
  #decoding = 0

  get prefillTokens(): number {
    return this.#prefill
  }

  /** Of the requests that decode; 0 where none does. */
  get contextTokens(): number {
    return this.#decoding === 0 ? 0 : this.#context / this.#decoding
  }

  /** A request with a prompt of `tokensIn` has come. */
  begin(tokensIn: number): RequestLoad {
    let waiting = tokensIn
    let context = 0
    let phase: 'waits' | 'decodes' | 'over' = 'waits'
    this.#prefill += tokensIn
    const prefilled = (tokens: number): void => {
      const done = Math.min(waiting, tokens)
      waiting -= done
      this.#prefill -= done
    }
    return {
      prefilled,
      decoding: () => {
        if (phase !== 'waits') return
        prefilled(waiting)
        phase = 'decodes'
        context = tokensIn
        this.#decoding += 1
        this.#context += context
      },
      token: () => {
        if (phase !== 'decodes') return
        context += 1
        this.#context += 1
      },
      end: () => {
        if (phase === 'over') return
        prefilled(waiting)
        if (phase === 'decodes') {
          this.#decoding -= 1
          this.#context -= context
        }
        phase = 'over'
      },
    }
  }
}
