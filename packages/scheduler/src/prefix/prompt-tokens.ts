/**
 * How many tokens of a prompt a node is told that it will have to prefill: the whole prompt, less what its cache is thought to hold
 * where such thoughts have lately been right.
 *
 * A gateway knows what it sent to a replica and not what the engine has thrown out since. One long prompt that is counted as nothing
 * lets others in behind it, and each of them is late; one that is counted whole sends a few elsewhere for nothing.
 */

/** Thoughts are believed while this share of the tokens that they named was there. */
const BELIEVED_SHARE = 0.95
/** What was seen counts half as much after this many further tokens were thought to be cached: some dozens of long prompts. */
const MEMORY_TOKENS = 200_000

export class PromptTokens {
  #thought = 0
  #there = 0

  /** Tokens to be prefilled of a prompt of which so many are thought to be cached. */
  told(tokensIn: number, tokensCached: number): number {
    const isBelieved = this.#thought > MEMORY_TOKENS / 2 && this.#there >= BELIEVED_SHARE * this.#thought
    return isBelieved ? Math.max(0, tokensIn - tokensCached) : tokensIn
  }

  /** An attempt ended well for which so many were thought to be cached, and so many were. */
  learn(thoughtCached: number, tokensCached: number): void {
    if (!(thoughtCached > 0 && thoughtCached < Infinity && tokensCached >= 0)) return
    const keep = 2 ** (-thoughtCached / MEMORY_TOKENS)
    this.#thought = this.#thought * keep + thoughtCached
    this.#there = this.#there * keep + Math.min(thoughtCached, tokensCached)
  }
}
