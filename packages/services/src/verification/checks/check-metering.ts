/** Does a node count the tokens that its text has? By the gateways' recounts, which tolerate what honest engines do (rfd/0010). */
import type { CheckResult } from './check-result.ts'
import { sprt, sprtEvidence, type SprtRates } from './sprt.ts'

/** A recount is beyond every tolerance already; an honest node has next to none. */
const rates: SprtRates = { honest: 0.001, cheating: 0.05 }

/** `receipts`: of the node in the window; `overstated`: those that were corrected. */
export function checkMetering(input: { receipts: number; overstated: number }): CheckResult {
  const bad = Math.min(input.overstated, input.receipts)
  const counts = { bad, good: input.receipts - bad }
  const result = {
    kind: 'metering',
    inputs: { ...input, evidence: sprtEvidence(rates, counts) },
    simulated: false,
  } as const
  switch (sprt(rates, counts)) {
    case 'cheating':
      return {
        ...result,
        verdict: 'invalid',
        finding: `${bad} of ${input.receipts} receipts claimed more tokens than their text has.`,
        fix: "Report the engine's own usage; the recounts with both signatures are on your dashboard.",
      }
    case 'honest':
      return { ...result, verdict: 'valid', finding: `${bad} of ${input.receipts} receipts were corrected.`, fix: null }
    case 'undecided':
      return {
        ...result,
        verdict: 'unverifiable',
        finding: `${input.receipts} receipts in the window, ${bad} of them corrected; that settles nothing.`,
        fix: input.receipts === 0 ? 'Nothing: it is settled once the node has served requests.' : null,
      }
  }
}
