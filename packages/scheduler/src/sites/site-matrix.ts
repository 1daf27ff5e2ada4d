/**
 * The site problem as plain arrays, and what a set of sites is worth.
 *
 * Round trips are stored site by site; a pair that is unknown or forbidden is `unreachableMs` away,
 * which serves nobody. Weights sum to 1.
 */
export interface SiteMatrix {
  readonly demandCount: number
  readonly siteCount: number
  /** ms, at `site * demandCount + demand`. */
  readonly rttMs: Float64Array
  readonly weight: Float64Array
  readonly targetMs: number
}

/** Compared first by `covered` (share of demand within the target), then by `meanMs`. */
export interface SiteScore {
  covered: number
  meanMs: number
}

/** A round trip this long is none, and what the mean counts for demand without a site: no place on Earth is so far. */
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
  const { demandCount, rttMs } = matrix
  const member = new Int32Array(demandCount).fill(-1)
  const firstMs = new Float64Array(demandCount).fill(unreachableMs)
  const secondMs = new Float64Array(demandCount).fill(unreachableMs)
  for (let position = 0; position < set.length; position++) {
    const column = set[position]! * demandCount
    for (let demand = 0; demand < demandCount; demand++) {
      const rtt = rttMs[column + demand]!
      if (rtt < firstMs[demand]!) {
        secondMs[demand] = firstMs[demand]!
        firstMs[demand] = rtt
        member[demand] = position
      } else if (rtt < secondMs[demand]!) secondMs[demand] = rtt
    }
  }
  return { member, firstMs, secondMs }
}

export function scoreOf(matrix: SiteMatrix, { firstMs }: Nearest): SiteScore {
  let covered = 0
  let meanMs = 0
  for (let demand = 0; demand < matrix.demandCount; demand++) {
    const weight = matrix.weight[demand]!
    if (firstMs[demand]! <= matrix.targetMs) covered += weight
    meanMs += weight * firstMs[demand]!
  }
  return { covered, meanMs }
}
