/**
 * How long an answer will be, from the answers that a gateway has seen: a running mean by length of the prompt.
 *
 * Input and output are priced apart, so which replica is cheapest depends on how much will be written. What prompts of
 * about the same length were answered with says more than the mean of all: questions, documents and conversations are
 * different work. A class that has seen little leans on the mean of all. Bounded: two numbers for each of 64 classes.
 */

/** Answers that a mean remembers. */
const REMEMBERED = 1_000
/** The mean of all counts as this many answers of each class. */
const LEANING = 16
/** Classes for each doubling of the prompt, and in all. */
const PER_DOUBLING = 2
const CLASSES = 64

export class AnswerLengths {
  #mean: number
  #seen: number
  readonly #means = new Float64Array(CLASSES)
  readonly #counts = new Float64Array(CLASSES)

  /** `atFirst`: tokens expected before any answer was seen; it counts as `countsAs` answers of the mean of all. */
  constructor(atFirst: number, countsAs = 0) {
    this.#mean = atFirst
    this.#seen = countsAs
  }

  /** Of prompts of any length; not rounded. */
  get mean(): number {
    return this.#mean
  }

  /** Tokens expected of the answer to a prompt of that many tokens; not rounded. */
  expected(tokensIn: number): number {
    const c = classOf(tokensIn)
    const count = this.#counts[c] as number
    return (count * (this.#means[c] as number) + LEANING * this.#mean) / (count + LEANING)
  }

  /** An answer that came to its end. What is no number of tokens counts for nothing. */
  learn(tokensIn: number, tokensOut: number): void {
    if (!(tokensOut >= 0 && tokensOut < Number.POSITIVE_INFINITY)) return
    this.#seen = Math.min(REMEMBERED, this.#seen + 1)
    this.#mean += (tokensOut - this.#mean) / this.#seen
    const c = classOf(tokensIn)
    const count = Math.min(REMEMBERED, (this.#counts[c] as number) + 1)
    this.#counts[c] = count
    this.#means[c] = (this.#means[c] as number) + (tokensOut - (this.#means[c] as number)) / count
  }
}

function classOf(tokensIn: number): number {
  return tokensIn >= 1 ? Math.min(CLASSES - 1, Math.floor(PER_DOUBLING * Math.log2(tokensIn))) : 0
}
