/**
 * What still waits for prefill at a node, in prompt tokens, as far as the node can see it from outside its engine: which prompts
 * it took, and when their first tokens came. The same for the agent and for the simulator's nodes.
 *
 * Engines prefill one prompt after another, in the order in which they came, and few say how far they are. How long a token
 * takes is learned here from the prompts before: until one has been through, a prompt counts whole to its first token.
 */

export interface QueuedPrompt {
  /** Its first token has come. Later calls of either do nothing. */
  firstToken(nowMs: number): void
  /** It is over, without a first token. */
  over(nowMs: number): void
}

/** A shorter prompt's time is mostly the step behind it. */
const LEARN_TOKENS_MIN = 256
/** From the end of a prompt's prefill to its first token: a decode step of a busy engine. The next prompt is begun with meanwhile. */
const STEP_MS = 30
/** What was learned counts half as much after so many tokens: three or four long prompts, a second or two of a busy engine. */
const MEMORY_TOKENS = 32_768

/** `Owner`: who sent it, by identity. Times are ms of any one clock that never goes back. */
export class PromptQueue<Owner> {
  /** In order of arrival. */
  #prompts: { readonly owner: Owner; readonly tokens: number; readonly sinceMs: number }[] = []
  #tokens = 0
  /** When the engine began with the first of them. */
  #headSinceMs = 0
  /** Of the prompts that were through, forgetting the older ones. */
  #learnedMs = 0
  #learnedTokens = 0

  begin(owner: Owner, tokens: number, nowMs: number): QueuedPrompt {
    const prompt = { owner, tokens, sinceMs: nowMs }
    if (this.#prompts.length === 0) this.#headSinceMs = nowMs
    this.#prompts.push(prompt)
    this.#tokens += tokens
    return {
      firstToken: (atMs) => {
        if (this.#prompts[0] === prompt) this.#learn(tokens, atMs - this.#headSinceMs)
        this.#leave(prompt, atMs - STEP_MS)
      },
      over: (atMs) => this.#leave(prompt, atMs),
    }
  }

  /** What waits, of all. */
  tokens(nowMs: number): number {
    return this.#tokens - this.#done(nowMs)
  }

  /** What waits of one owner's. */
  tokensOf(owner: Owner, nowMs: number): number {
    let sum = 0
    for (const prompt of this.#prompts) if (prompt.owner === owner) sum += prompt.tokens
    return this.#prompts[0]?.owner === owner ? sum - this.#done(nowMs) : sum
  }

  /** Lately, ms for one prompt token; null before any was seen. */
  get msPerToken(): number | null {
    // A time too small to be divided is none.
    const ms = this.#learnedMs / this.#learnedTokens
    return ms > 0 ? ms : null
  }

  /** Of the first prompt, by the time that has passed; whole tokens. */
  #done(nowMs: number): number {
    const head = this.#prompts[0]
    const { msPerToken } = this
    if (!head || msPerToken === null) return 0
    return Math.min(head.tokens, Math.floor((nowMs - this.#headSinceMs) / msPerToken))
  }

  #learn(tokens: number, elapsedMs: number): void {
    if (tokens < LEARN_TOKENS_MIN || !(elapsedMs > 0)) return
    const keep = 2 ** (-tokens / MEMORY_TOKENS)
    this.#learnedMs = this.#learnedMs * keep + Math.max(elapsedMs / 2, elapsedMs - STEP_MS)
    this.#learnedTokens = this.#learnedTokens * keep + tokens
  }

  /** `sinceMs`: when the engine could begin with the next one. */
  #leave(prompt: { readonly tokens: number }, sinceMs: number): void {
    const at = this.#prompts.findIndex((other) => other === prompt)
    if (at < 0) return
    this.#prompts.splice(at, 1)
    const [next] = this.#prompts
    if (at === 0 && next) this.#headSinceMs = Math.max(sinceMs, next.sinceMs)
    this.#tokens -= prompt.tokens
  }
}
