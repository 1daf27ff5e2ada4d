/**
 * Wald's sequential probability ratio test of a coin (A. Wald, "Sequential Tests of Statistical Hypotheses", 1945): is the
 * rate of bad outcomes `honest`, or `cheating`? It looks at counts alone, so the order of outcomes changes nothing.
 */
import { invariant } from '@isochrone/domain'

export interface SprtRates {
  /** The most that an honest node's rate of bad outcomes is. */
  honest: number
  /** The least that a cheat's is. */
  cheating: number
}

export type SprtDecision = 'honest' | 'cheating' | 'undecided'

/** The chance that an honest node is called a cheat, and that a cheat is called honest. */
export const SPRT_ALPHA = 1e-4
export const SPRT_BETA = 1e-2

/** The log-likelihood ratio of cheating over honest. */
export function sprtEvidence({ honest, cheating }: SprtRates, { bad, good }: { bad: number; good: number }): number {
  invariant(honest > 0 && honest < cheating && cheating < 1, 'a cheat errs more often than an honest node')
  return bad * Math.log(cheating / honest) + good * Math.log((1 - cheating) / (1 - honest))
}

export function sprt(rates: SprtRates, counts: { bad: number; good: number }): SprtDecision {
  const evidence = sprtEvidence(rates, counts)
  if (evidence >= Math.log((1 - SPRT_BETA) / SPRT_ALPHA)) return 'cheating'
  if (evidence <= Math.log(SPRT_BETA / (1 - SPRT_ALPHA))) return 'honest'
  return 'undecided'
}
