/** Draws that several parts of the simulator need, from the project's one seeded generator. */
import type { Prng } from '@isochrone/domain'

export const between = (rng: Prng, [from, to]: readonly [number, number]): number => from + (to - from) * rng.unit()

/** A copy in random order (Fisher–Yates). */
export function shuffled<T>(rng: Prng, items: readonly T[]): T[] {
  const copy = items.slice()
  for (let i = copy.length - 1; i > 0; i--) {
    const j = rng.below(i + 1)
    const other = copy[j] as T
    copy[j] = copy[i] as T
    copy[i] = other
  }
  return copy
}

/** How many of `total` each share gets: whole numbers that sum to `total`, largest remainders first. */
export function apportion(total: number, shares: readonly number[]): number[] {
  const sum = shares.reduce((a, b) => a + b, 0)
  const exact = shares.map((share) => (total * share) / sum)
  const counts = exact.map(Math.floor)
  const order = exact.map((value, i) => ({ i, rest: value - Math.floor(value) })).toSorted((a, b) => b.rest - a.rest)
  let left = total - counts.reduce((a, b) => a + b, 0)
  for (const { i } of order) if (left-- > 0) counts[i] = (counts[i] as number) + 1
  return counts
}
