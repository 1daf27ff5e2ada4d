/**
 * Do two nodes compute on the same hardware? In each round each solves a challenge alone, then both at once, then each alone
 * again, so that a load which comes and goes is seen in the two that should be alike. What is judged is the ratio within a round.
 *
 * A false accusation is worse than a miss. Neighbours on one host with cores of their own were seen to take up to 1.5 times as
 * long together; who has one core between them takes twice as long. So only rounds beyond 1.7 times count as slower, rounds
 * whose two times alone differ count for nothing, and where many do, nobody is judged.
 *
 * On a machine that others keep busy two nodes with one core between them are alone as slow as together: each has a small share
 * either way. With less than twice its usual time alone, a node has at least half of what it has on a quiet machine, and
 * sharing that takes half as long again. So rounds above twice the usual count for nothing either, and who has no usual yet is
 * not called valid.
 */
import type { CheckResult } from './check-result.ts'
import { sprt, sprtEvidence, type SprtDecision, type SprtRates } from './sprt.ts'

/** Of one node when it had the field to itself, before and after both were challenged together, µs. */
export type TimesAlone = readonly [before: number, after: number]

export interface SharingRound {
  aloneUs: { readonly own: TimesAlone; readonly other: TimesAlone }
  /** Sum of both nodes' times when they were challenged together, µs. */
  togetherUs: number
}

/** What either usually needs alone, µs (`usualAloneUs`); null where too little is known. */
export type UsualTimes = { readonly own: number | null; readonly other: number | null }

export interface SharingInput {
  rounds: readonly SharingRound[]
  usualUs: UsualTimes
  declared: boolean
}

/**
 * `unsteady`: the times alone differ. `crowded`: they are far above the usual. `slower`: as one core behind two would be. `apart`:
 * as two machines would be. `between`: neither.
 */
type RoundKind = 'unsteady' | 'crowded' | 'apart' | 'between' | 'slower'

export interface SharingCounts extends Readonly<Record<RoundKind, number>> {
  /** Too many rounds were unsteady or crowded for a judgement. */
  readonly noisy: boolean
  readonly decision: SprtDecision
  readonly evidence: number
}

/** How far the two times alone may be apart, as a factor, for a round to count. */
const STEADY_FACTOR = 1.25
const SLOWER_FACTOR = 1.7
/** What caches, clocks and a switch do to neighbours that share nothing else. */
const APART_FACTOR = 1.25
/** How far above its usual time alone a node may be, as a factor, for a round to count. */
const CROWDED_FACTOR = 2
/** Slower rounds of honest neighbours under load, at most; and of two on one core, at least. */
const rates: SprtRates = { honest: 0.25, cheating: 0.8 }
/** Of all rounds: with more, the machines are too busy to be compared. */
const COUNTLESS_SHARE_MAX = 1 / 3
/** After so many a busy machine is left alone; what it is judged by then changes no more. */
const NOISY_ROUNDS_MAX = 12
export const SHARING_ROUNDS_MAX = 30

export function sharingCounts({ rounds, usualUs }: Omit<SharingInput, 'declared'>): SharingCounts {
  const kinds = { unsteady: 0, crowded: 0, apart: 0, between: 0, slower: 0 }
  for (const round of rounds) kinds[kindOf(round, usualUs)] += 1
  const counts = { bad: kinds.slower, good: kinds.apart + kinds.between }
  const noisy = kinds.unsteady + kinds.crowded > COUNTLESS_SHARE_MAX * rounds.length
  const decision = noisy ? 'undecided' : sprt(rates, counts)
  return { ...kinds, noisy, decision, evidence: sprtEvidence(rates, counts) }
}

function kindOf({ aloneUs: { own, other }, togetherUs }: SharingRound, usualUs: UsualTimes): RoundKind {
  const [before, after] = [own[0] + other[0], own[1] + other[1]]
  if (Math.max(before, after) > STEADY_FACTOR * Math.min(before, after)) return 'unsteady'
  if (isCrowded(own, usualUs.own) || isCrowded(other, usualUs.other)) return 'crowded'
  const ratio = togetherUs / ((before + after) / 2)
  return ratio > SLOWER_FACTOR ? 'slower' : ratio > APART_FACTOR ? 'between' : 'apart'
}

function isCrowded([before, after]: TimesAlone, usualUs: number | null): boolean {
  return usualUs !== null && (before + after) / 2 > CROWDED_FACTOR * usualUs
}

/** Whether further rounds could still change the verdict. */
export function sharingUndecided({ rounds, usualUs }: Omit<SharingInput, 'declared'>): boolean {
  const { noisy, decision } = sharingCounts({ rounds, usualUs })
  return decision === 'undecided' && rounds.length < (noisy ? NOISY_ROUNDS_MAX : SHARING_ROUNDS_MAX)
}

/** Whether a time not far away may tell more: the machine was too busy, or the usual times are still to be learnt. */
export function sharingAgainSoon({ rounds, usualUs, declared }: SharingInput): boolean {
  if (declared || rounds.length === 0) return false
  const { noisy, decision } = sharingCounts({ rounds, usualUs })
  return noisy || (decision === 'honest' && !isUsualKnown(usualUs))
}

const isUsualKnown = ({ own, other }: UsualTimes): boolean => own !== null && other !== null

export function checkSharing(input: SharingInput): CheckResult {
  const counts = sharingCounts(input)
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
  if (counts.noisy) return { ...unverifiable, finding: busyFinding(counts, all) }
  switch (counts.decision) {
    case 'cheating':
      return {
        ...result,
        verdict: 'invalid',
        finding: `Challenged together with another node, both took about twice as long in ${counts.slower} of ${all} rounds: they share hardware.`,
        fix: 'Give each node hardware of its own, or declare the shared host in the terms.',
      }
    case 'honest':
      if (counts.apart <= counts.between) {
        return {
          ...unverifiable,
          finding: 'Challenged together with another node it is somewhat slower, less than shared hardware would be.',
        }
      }
      return isUsualKnown(input.usualUs)
        ? { ...result, verdict: 'valid', finding: 'Challenged together with another node it is as fast.', fix: null }
        : {
            ...unverifiable,
            finding:
              'Challenged together with another node it is as fast, but what both usually need alone is not known yet.',
          }
    case 'undecided':
      return {
        ...unverifiable,
        finding: `${all} rounds with another node have not settled whether they share hardware.`,
      }
  }
}

function busyFinding({ unsteady, crowded }: SharingCounts, all: number): string {
  return `Too busy to compare: of ${all} rounds, the times alone differed in ${unsteady}, and in ${crowded} they were over twice the usual.`
}
