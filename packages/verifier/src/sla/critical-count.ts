/**
 * When a promise counts as broken: the exact binomial tail, in whole numbers.
 *
 * "95 % of attempts within X" allows each sample to miss with probability p = 5 %. Of n samples, k misses break the
 * promise when an honest provider would reach k with probability below α. α = 0.001 for a provider, divided over the
 * three promises (Bonferroni), so that promising more is no greater risk.
 */
import { invariant } from '@isochrone/domain'

/** A probability as a fraction, because a float would round the tail. */
export interface Ratio {
  num: bigint
  den: bigint
}

/** What an honest provider may lose a promise by chance with: 0.001 over three promises. */
export const SLA_ALPHA: Ratio = { num: 1n, den: 3_000n }
/** Misses that a promise allows: TTFT and TPOT 5 %, availability 1 %. */
export const SLA_MISS: { latency: Ratio; availability: Ratio } = {
  latency: { num: 1n, den: 20n },
  availability: { num: 1n, den: 100n },
}
/** Below this many samples nothing is tested: epochs pool until then. */
export const SLA_SAMPLES_MIN = 500

/**
 * The smallest k with P(X ≥ k) < α for X ~ Binomial(n, p); n + 1 when even n misses are likelier than that.
 * `0 < p < 1`, `0 < α < 1`.
 */
export function criticalCount(n: number, p: Ratio, alpha: Ratio = SLA_ALPHA): number {
  invariant(Number.isSafeInteger(n) && n >= 0, 'samples are a count')
  const miss = p.num
  const hit = p.den - p.num
  // Everything times p.den ** n: terms are C(n, i) · miss^i · hit^(n − i), and sum to p.den ** n.
  let tail = p.den ** BigInt(n)
  const bound = tail * alpha.num
  let term = hit ** BigInt(n)
  for (let k = 0; k <= n; k++) {
    if (tail * alpha.den < bound) return k
    tail -= term
    term = (term * BigInt(n - k) * miss) / (BigInt(k + 1) * hit)
  }
  return n + 1
}
