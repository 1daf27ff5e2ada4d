/**
 * Do two nodes compute on the same hardware? In each round each solves a challenge alone, then both at once, then each alone
 * again, so that a load which comes and goes is seen in the two that should be alike. What is judged is the ratio within a round.
 *
 * A false accusation is worse than a miss. Neighbours on one host with cores of their own were seen to take up to 1.5 times as
 * long together; who has one core between them takes twice as long. So only rounds beyond 1.7 times count as slower, rounds
 * whose two times alone differ count for nothing, and where many do, nobody is judged.
 */
import type { CheckResult } from './check-result.ts'
import { sprt, sprtEvidence, type SprtDecision, type SprtRates } from './sprt.ts'

export interface SharingRound {
  /** Sum of both nodes' times when each had the field to itself, before and after they were challenged together, µs. */
  aloneUs: readonly [before: number, after: number]
  /** Sum of both nodes' times when they were challenged together, µs. */
  togetherUs: number
}

/** `slower`: as one core behind two would be. `apart`: as two machines would be. `between`: neither. */
type RoundKind = 'unsteady' | 'apart' | 'between' | 'slower'

export interface SharingCounts extends Readonly<Record<RoundKind, number>> {
  /** Too many rounds were unsteady for a judgement. */
  readonly noisy: boolean
  readonly decision: SprtDecision
  readonly evidence: number
}

/** How far the two times alone may be apart, as a factor, for a round to count. */
const STEADY_FACTOR = 1.25
const SLOWER_FACTOR = 1.7
/** What caches, clocks and a switch do to neighbours that share nothing else. */
const APART_FACTOR = 1.25
/** Slower rounds of honest neighbours under load, at most; and of two on one core, at least. */
const rates: SprtRates = { honest: 0.25, cheating: 0.8 }
/** Of all rounds: with more, the machines are too busy to be compared. */
const UNSTEADY_SHARE_MAX = 1 / 3
/** After so many a busy machine is left alone; what it is judged by then changes no more. */
const NOISY_ROUNDS_MAX = 12
export const SHARING_ROUNDS_MAX = 30

export function sharingCounts(rounds: readonly SharingRound[]): SharingCounts {
  const kinds = { unsteady: 0, apart: 0, between: 0, slower: 0 }
  for (const round of rounds) kinds[kindOf(round)] += 1
  const counts = { bad: kinds.slower, good: kinds.apart + kinds.between }
  const noisy = kinds.unsteady > UNSTEADY_SHARE_MAX * rounds.length
  const decision = noisy ? 'undecided' : sprt(rates, counts)
  return { ...kinds, noisy, decision, evidence: sprtEvidence(rates, counts) }
}

function kindOf({ aloneUs, togetherUs }: SharingRound): RoundKind {
  const [before, after] = aloneUs
  if (Math.max(before, after) > STEADY_FACTOR * Math.min(before, after)) return 'unsteady'
  const ratio = togetherUs / ((before + after) / 2)
  return ratio > SLOWER_FACTOR ? 'slower' : ratio > APART_FACTOR ? 'between' : 'apart'
}

/** Whether further rounds could still change the verdict. */
export function sharingUndecided(rounds: readonly SharingRound[]): boolean {
  const { noisy, decision } = sharingCounts(rounds)
  return decision === 'undecided' && rounds.length < (noisy ? NOISY_ROUNDS_MAX : SHARING_ROUNDS_MAX)
}

export function checkSharing(input: { rounds: readonly SharingRound[]; declared: boolean }): CheckResult {
  const counts = sharingCounts(input.rounds)
  const result = { kind: 'sharing', inputs: { ...input, ...counts }, simulated: false } as const
  const unverifiable = {
    ...result,
    verdict: 'unverifiable',
    fix: 'Keep the agent running; it is tried again.',
  } as const
  const all = input.rounds.length
  if (input.declared) {
    return { ...result, verdict: 'valid', finding: 'Its terms declare that it shares its host.', fix: null }
  }
  if (all === 0) return { ...unverifiable, finding: 'It could not be challenged together with another node.' }
  if (counts.noisy) {
    return {
      ...unverifiable,
      finding: `Too busy to compare: in ${counts.unsteady} of ${all} rounds its times alone differed.`,
    }
  }
  switch (counts.decision) {
    case 'cheating':
      return {
        ...result,
        verdict: 'invalid',
        finding: `Challenged together with another node, both took about twice as long in ${counts.slower} of ${all} rounds: they share hardware.`,
        fix: 'Give each node hardware of its own, or declare the shared host in the terms.',
      }
    case 'honest':
      return counts.apart > counts.between
        ? { ...result, verdict: 'valid', finding: 'Challenged together with another node it is as fast.', fix: null }
        : {
            ...unverifiable,
            finding: 'Challenged together with another node it is somewhat slower, less than shared hardware would be.',
          }
    case 'undecided':
      return {
        ...unverifiable,
        finding: `${all} rounds with another node have not settled whether they share hardware.`,
      }
  }
}
