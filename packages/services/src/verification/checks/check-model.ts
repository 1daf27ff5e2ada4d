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

/** Null: the references do not agree with one another, so that nothing can be said. */
export function replayAgrees(answer: string, references: readonly string[]): boolean | null {
  const [first, ...others] = references.map(head)
  if (first === undefined || references.length < REFERENCES_MIN || first === '') return null
  if (others.some((other) => other !== first)) return null
  return head(answer) === first
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
