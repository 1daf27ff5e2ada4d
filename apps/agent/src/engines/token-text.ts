/**
 * Turns tokens into text as they come, holding back tokens that end inside a UTF-8 character.
 *
 * A token of a byte-level vocabulary may be a part of a character; sending it alone would send U+FFFD.
 */
import type { Token } from 'node-llama-cpp'

const REPLACEMENT = '\uFFFD'
/** A character has at most four bytes; more pending tokens than this are broken output and are sent as they are. */
const PENDING_MAX = 8
const CONTEXT_TOKENS = 8

export type Detokenize = { detokenize(tokens: readonly Token[], special?: boolean, last?: readonly Token[]): string }

export class TokenText {
  readonly #model: Detokenize
  #pending: Token[] = []
  #sent: Token[] = []

  constructor(model: Detokenize) {
    this.#model = model
  }

  /** The text that `token` completes; empty while a character is unfinished. */
  push(token: Token): string {
    this.#pending.push(token)
    const text = this.#text()
    return text.endsWith(REPLACEMENT) && this.#pending.length < PENDING_MAX ? '' : this.#send(text)
  }

  /** What is left, complete or not. */
  flush(): string {
    return this.#pending.length === 0 ? '' : this.#send(this.#text())
  }

  #text(): string {
    return this.#model.detokenize(this.#pending, false, this.#sent)
  }

  #send(text: string): string {
    this.#sent = [...this.#sent, ...this.#pending].slice(-CONTEXT_TOKENS)
    this.#pending = []
    return text
  }
}
