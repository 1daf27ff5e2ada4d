/**
 * Do two nodes compute on the same hardware? In each round both solve a challenge alone and both at once, in random order. Load
 * from elsewhere slows both ways alike; only hardware that they share makes "at once" slower again and again.
 */
import type { CheckResult } from './check-result.ts'
import { sprt, sprtEvidence, type SprtRates } from './sprt.ts'

export interface SharingRound {
  /** Sum of both nodes' times when each had the field to itself, µs. */
  aloneUs: number
  /** Sum of both nodes' times when they were challenged together, µs. */
  togetherUs: number
}

/** Two that share everything take twice as long; a fifth more is beyond what caches and clocks do to neighbours. */
export const SLOWER_FACTOR = 1.2
/** By chance a round comes out slower at most every other time, because the order within it is drawn. */
const rates: SprtRates = { honest: 0.5, cheating: 0.8 }
export const SHARING_ROUNDS_MAX = 80

export function sharingCounts(rounds: readonly SharingRound[]): { bad: number; good: number } {
  const bad = rounds.filter(({ aloneUs, togetherUs }) => togetherUs > SLOWER_FACTOR * aloneUs).length
  return { bad, good: rounds.length - bad }
}

/** Whether further rounds could still change the verdict. */
export function sharingUndecided(rounds: readonly SharingRound[]): boolean {
  return rounds.length < SHARING_ROUNDS_MAX && sprt(rates, sharingCounts(rounds)) === 'undecided'
}

export function checkSharing(input: { rounds: readonly SharingRound[]; declared: boolean }): CheckResult {
  const counts = sharingCounts(input.rounds)
  const inputs = { ...input, ...counts, evidence: sprtEvidence(rates, counts) }
  const result = { kind: 'sharing', inputs, simulated: false } as const
  if (input.declared) {
    return { ...result, verdict: 'valid', finding: 'Its terms declare that it shares its host.', fix: null }
  }
  switch (sprt(rates, counts)) {
    case 'cheating':
      return {
        ...result,
        verdict: 'invalid',
        finding: `Challenged together with another node it was slower in ${counts.bad} of ${input.rounds.length} rounds: they share hardware.`,
        fix: 'Give each node hardware of its own, or declare the shared host in the terms.',
      }
    case 'honest':
      return { ...result, verdict: 'valid', finding: 'Challenged together with another node it is as fast.', fix: null }
    case 'undecided':
      return {
        ...result,
        verdict: 'unverifiable',
        finding: `${input.rounds.length} rounds with another node have not settled whether they share hardware.`,
        fix: 'Keep the agent running; it is tried again.',
      }
  }
}
