/** Ways to take one of several replicas. All draw from the gateway's generator, so a seed replays every choice. */
import type { Prng } from '@isochrone/domain'
import type { Choice } from '../../sim-types.ts'

export function take(replica: number | undefined): Choice {
  return replica === undefined ? { kind: 'refuse', reason: 'no replica left' } : { kind: 'replica', replica }
}

export function pickUniform(candidates: readonly number[], rng: Prng): number | undefined {
  return candidates.length === 0 ? undefined : candidates[rng.below(candidates.length)]
}

/** The candidate with the lowest cost; equal ones share equally. NaN never wins. */
export function pickLowest(
  candidates: readonly number[],
  cost: (replica: number) => number,
  rng: Prng,
): number | undefined {
  let best: number | undefined
  let lowest = Infinity
  let equals = 0
  for (const replica of candidates) {
    const value = cost(replica)
    if (value < lowest || (best === undefined && value === Infinity)) {
      best = replica
      lowest = value
      equals = 1
    } else if (value === lowest && rng.below(++equals) === 0) best = replica
  }
  return best ?? pickUniform(candidates, rng)
}

/** One of the candidates with probability proportional to its weight; uniform when no weight is positive. */
export function pickWeighted(
  candidates: readonly number[],
  weight: (replica: number) => number,
  rng: Prng,
): number | undefined {
  const weights = candidates.map((replica) => {
    const value = weight(replica)
    return Number.isFinite(value) && value > 0 ? value : 0
  })
  const total = weights.reduce((sum, value) => sum + value, 0)
  if (total <= 0) return pickUniform(candidates, rng)
  let left = rng.unit() * total
  for (const [position, value] of weights.entries()) {
    left -= value
    if (left < 0) return candidates[position]
  }
  return candidates.findLast((_, position) => (weights[position] ?? 0) > 0)
}

/** Those that satisfy the condition, or all of them when none does: a filter that must not turn trouble into refusal. */
export function preferring(candidates: readonly number[], condition: (replica: number) => boolean): readonly number[] {
  const preferred = candidates.filter(condition)
  return preferred.length > 0 ? preferred : candidates
}
