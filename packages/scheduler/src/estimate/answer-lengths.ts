/**
 * How long an answer will be, and how evenly it will come, from the answers that a gateway has seen: running means by
 * length of the prompt.
 *
 * Input and output are priced apart, so which replica is cheapest depends on how much will be written. What prompts of
 * about the same length were answered with says more than the mean of all: questions, documents and conversations are
 * different work. A class that has seen little leans on the mean of all. Bounded: three numbers for each of 64 classes.
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
  #inverse: number
  #seen: number
  readonly #means = new Float64Array(CLASSES)
  /** Means of 1 ÷ gaps between tokens. */
  readonly #inverses = new Float64Array(CLASSES)
  readonly #counts = new Float64Array(CLASSES)

  /** `atFirst`: tokens expected before any answer was seen; it counts as `countsAs` answers of the mean of all. */
  constructor(atFirst: number, countsAs = 0) {
    this.#mean = atFirst
    this.#inverse = inverseGaps(atFirst)
    this.#seen = countsAs
  }

  /** Of prompts of any length; not rounded. */
  get mean(): number {
    return this.#mean
  }

  /** Tokens expected of the answer to a prompt of that many tokens; not rounded. */
  expected(tokensIn: number): number {
    return this.#leaning(this.#means, this.#mean, classOf(tokensIn))
  }

  /**
   * How much of one step's own length is left in the mean time per token of such an answer, 0 to 1: the variance of a mean
   * of n equal gaps is that of one gap ÷ n, so the root of the mean of 1 ÷ n.
   *
   * @param tokensOutMax no answer is longer
   */
  gapNoise(tokensIn: number, tokensOutMax = Number.POSITIVE_INFINITY): number {
    if (tokensOutMax <= 1) return 0
    const inverse = this.#leaning(this.#inverses, this.#inverse, classOf(tokensIn))
    return Math.sqrt(Math.max(inverse, inverseGaps(tokensOutMax)))
  }

  /** An answer that came to its end. What is no number of tokens counts for nothing. */
  learn(tokensIn: number, tokensOut: number): void {
    if (!(tokensOut >= 0 && tokensOut < Number.POSITIVE_INFINITY)) return
    this.#seen = Math.min(REMEMBERED, this.#seen + 1)
    this.#mean += (tokensOut - this.#mean) / this.#seen
    const inverse = inverseGaps(tokensOut)
    this.#inverse += (inverse - this.#inverse) / this.#seen
    const c = classOf(tokensIn)
    const count = Math.min(REMEMBERED, (this.#counts[c] as number) + 1)
    this.#counts[c] = count
    this.#means[c] = (this.#means[c] as number) + (tokensOut - (this.#means[c] as number)) / count
    this.#inverses[c] = (this.#inverses[c] as number) + (inverse - (this.#inverses[c] as number)) / count
  }

  #leaning(ofClass: Float64Array, ofAll: number, c: number): number {
    const count = this.#counts[c] as number
    return (count * (ofClass[c] as number) + LEANING * ofAll) / (count + LEANING)
  }
}

/** 1 ÷ gaps between tokens; an answer of one token has none, and no time per token to miss. */
function inverseGaps(tokensOut: number): number {
  return tokensOut > 1 ? 1 / Math.max(1, tokensOut - 1) : 0
}

function classOf(tokensIn: number): number {
  return tokensIn >= 1 ? Math.min(CLASSES - 1, Math.floor(PER_DOUBLING * Math.log2(tokensIn))) : 0
}
