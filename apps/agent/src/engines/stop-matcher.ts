/**
 * Finds stop strings in streamed text: holds back what could still become one, and never lets one through.
 *
 * The result does not depend on how the text was cut into pieces.
 */

export type StopResult = { readonly text: string; readonly stopped: boolean }

export class StopMatcher {
  readonly #stops: readonly string[]
  #held = ''

  constructor(stops: readonly string[]) {
    this.#stops = stops.filter((stop) => stop.length > 0)
  }

  /** The text that is safe to send now; `stopped` when a stop string was completed (the earliest one wins). */
  push(piece: string): StopResult {
    const text = this.#held + piece
    const hits = this.#stops.map((stop) => text.indexOf(stop)).filter((index) => index >= 0)
    if (hits.length > 0) {
      this.#held = ''
      return { text: text.slice(0, Math.min(...hits)), stopped: true }
    }
    const keep = Math.max(0, ...this.#stops.map((stop) => overlap(text, stop)))
    this.#held = text.slice(text.length - keep)
    return { text: text.slice(0, text.length - keep), stopped: false }
  }

  /** What was held back when the text ended otherwise. */
  flush(): string {
    const rest = this.#held
    this.#held = ''
    return rest
  }
}

/** Length of the longest end of `text` that begins `stop`. */
function overlap(text: string, stop: string): number {
  for (let length = Math.min(text.length, stop.length - 1); length > 0; length--) {
    if (text.endsWith(stop.slice(0, length))) return length
  }
  return 0
}
