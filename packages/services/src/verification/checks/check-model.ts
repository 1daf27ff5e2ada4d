/**
 * Does a node run the model that it is paid for? Paid answers at temperature 0 are asked again of other providers' replicas of the
 * same model hash. Tokens are not bit-stable over batches and engines, so one difference means nothing.
 */
import type { CheckResult } from './check-result.ts'
import { sprt, sprtEvidence, type SprtRates } from './sprt.ts'

/** One paid answer against those of the references. */
export interface ReplayTrial {
  requestId: string
  /** Whether the node's answer agreed with the references'. */
  agreed: boolean
}

/**
 * Honest replicas part ways within the compared length in at most one answer of fifty (flash attention may flip an argmax); another model's
 * first words are the same in at most half of them.
 */
const rates: SprtRates = { honest: 0.02, cheating: 0.5 }
/** Characters from the start that must be the same: later ones follow from an earlier difference. */
export const COMPARED_CHARACTERS = 32
export const REFERENCES_MIN = 2

/**
 * Whether the answer is what most references say; null where fewer than two, or no more than half of them, say the same: then
 * nothing can be said. Some references may be cheats themselves.
 */
export function replayAgrees(answer: string, references: readonly string[]): boolean | null {
  const heads = references.map(head)
  const votes = (text: string) => heads.filter((other) => other === text).length
  const word = heads.find((text) => text !== '' && votes(text) >= REFERENCES_MIN && votes(text) * 2 > heads.length)
  return word === undefined ? null : head(answer) === word
}

export function checkModel(input: { modelHash: string; trials: readonly ReplayTrial[] }): CheckResult {
  const bad = input.trials.filter(({ agreed }) => !agreed).length
  const counts = { bad, good: input.trials.length - bad }
  const inputs = { ...input, ...counts, evidence: sprtEvidence(rates, counts) }
  const result = { kind: 'model', inputs, simulated: false } as const
  switch (sprt(rates, counts)) {
    case 'cheating':
      return {
        ...result,
        verdict: 'invalid',
        finding: `${bad} of ${input.trials.length} paid answers differ from what other providers' replicas of this model say.`,
        fix: 'Serve the weights whose hash you advertise, at the advertised quantisation.',
      }
    case 'honest':
      return {
        ...result,
        verdict: 'valid',
        finding: `${counts.good} of ${input.trials.length} paid answers are what other providers' replicas say.`,
        fix: null,
      }
    case 'undecided':
      return {
        ...result,
        verdict: 'unverifiable',
        finding: `${input.trials.length} paid answers could be compared so far; that settles nothing.`,
        fix: 'Nothing: it is settled when more answers at temperature 0 are paid and two other providers serve the model.',
      }
  }
}

function head(text: string): string {
  return text.trim().slice(0, COMPARED_CHARACTERS)
}
