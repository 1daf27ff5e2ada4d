/**
 * The site problem as plain arrays, and what a set of sites is worth.
 *
 * Round trips are stored demand by demand; a pair that is unknown or forbidden is infinitely far. Weights sum to 1.
 */
export interface SiteMatrix {
  readonly demandCount: number
  readonly siteCount: number
  /** ms, at `demand * siteCount + site`. */
  readonly rttMs: Float64Array
  readonly weight: Float64Array
  readonly targetMs: number
}

/** Compared first by `covered` (share of demand within the target), then by `meanMs`. */
export interface SiteScore {
  covered: number
  meanMs: number
}

/** What the mean counts for demand that no site may serve: farther than any place on Earth. */
export const unreachableMs = 10_000

const shareEpsilon = 1e-9
const meanEpsilonMs = 1e-7

/** Positive when `a` is the better score, 0 when rounding alone tells them apart. */
export function compareScores(a: SiteScore, b: SiteScore): number {
  const covered = a.covered - b.covered
  if (Math.abs(covered) > shareEpsilon) return covered
  const mean = b.meanMs - a.meanMs
  return Math.abs(mean) > meanEpsilonMs ? mean : 0
}

/** For each demand point the nearest and the second nearest member of a set. */
export interface Nearest {
  /** Position in the set; -1 when none is reachable. */
  readonly member: Int32Array
  readonly firstMs: Float64Array
  readonly secondMs: Float64Array
}

export function nearestOf(matrix: SiteMatrix, set: readonly number[]): Nearest {
  const member = new Int32Array(matrix.demandCount).fill(-1)
  const firstMs = new Float64Array(matrix.demandCount).fill(Infinity)
  const secondMs = new Float64Array(matrix.demandCount).fill(Infinity)
  for (let demand = 0; demand < matrix.demandCount; demand++) {
    const row = demand * matrix.siteCount
    for (let position = 0; position < set.length; position++) {
      const rtt = matrix.rttMs[row + set[position]!]!
      if (rtt < firstMs[demand]!) {
        secondMs[demand] = firstMs[demand]!
        firstMs[demand] = rtt
        member[demand] = position
      } else if (rtt < secondMs[demand]!) secondMs[demand] = rtt
    }
  }
  return { member, firstMs, secondMs }
}

export function scoreOf(matrix: SiteMatrix, nearest: Nearest): SiteScore {
  const score = { covered: 0, meanMs: 0 }
  for (let demand = 0; demand < matrix.demandCount; demand++) add(score, matrix, demand, nearest.firstMs[demand]!, 1)
  return score
}

/** Adds (`sign` 1) or takes away (-1) what one demand point counts when its nearest site is `rttMs` away. */
export function add(score: SiteScore, matrix: SiteMatrix, demand: number, rttMs: number, sign: 1 | -1): void {
  const weight = sign * matrix.weight[demand]!
  if (rttMs <= matrix.targetMs) score.covered += weight
  score.meanMs += weight * Math.min(rttMs, unreachableMs)
}
