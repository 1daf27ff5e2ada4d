/**
 * The two moves of the planner: add the site that helps most, and swap one member for a better outsider.
 *
 * All swaps with one newcomer are judged in one pass over the demand, by remembering each point's two nearest members
 * (the fast interchange of Whitaker, INFOR 1983), and the best is made at once. Among equals the lower index wins.
 */
import {
  compareScores,
  nearestOf,
  scoreOf,
  unreachableMs,
  type Nearest,
  type SiteMatrix,
  type SiteScore,
} from './site-matrix.ts'

/** No instance came near this; it bounds the loop should rounding ever make two sets look better than each other. */
const swapsMax = 10_000

/** The candidate that improves the set most, or null when none improves it. */
export function bestAddition(matrix: SiteMatrix, set: readonly number[]): number | null {
  const { demandCount, rttMs, weight, targetMs } = matrix
  const { firstMs } = nearestOf(matrix, set)
  const members = new Set(set)
  let best: number | null = null
  let bestGain: SiteScore = { covered: 0, meanMs: 0 }
  for (let site = 0; site < matrix.siteCount; site++) {
    if (members.has(site)) continue
    const gain = { covered: 0, meanMs: 0 }
    for (let demand = 0; demand < demandCount; demand++) {
      const rtt = rttMs[site * demandCount + demand]!
      const first = firstMs[demand]!
      if (rtt >= first) continue
      if (rtt <= targetMs && first > targetMs) gain.covered += weight[demand]!
      gain.meanMs += weight[demand]! * (Math.min(rtt, unreachableMs) - Math.min(first, unreachableMs))
    }
    if (compareScores(gain, bestGain) > 0) {
      best = site
      bestGain = gain
    }
  }
  return best
}

/** Swaps until no single swap improves the set. The first `fixedCount` members stay. */
export function swapUntilBest(matrix: SiteMatrix, start: readonly number[], fixedCount: number): number[] {
  const set = [...start]
  let nearest = nearestOf(matrix, set)
  let swaps = 0
  for (let sinceSwap = 0, site = 0; sinceSwap < matrix.siteCount && swaps < swapsMax; site++, sinceSwap++) {
    if (site === matrix.siteCount) site = 0
    const position = set.includes(site) ? null : bestLeaver(matrix, set, fixedCount, nearest, site)
    if (position === null) continue
    set[position] = site
    nearest = nearestOf(matrix, set)
    swaps += 1
    sinceSwap = 0
  }
  return set
}

/** Whose place `site` should take to improve the set most; null when that improves nothing. */
function bestLeaver(
  matrix: SiteMatrix,
  set: readonly number[],
  fixedCount: number,
  { member, firstMs, secondMs }: Nearest,
  site: number,
): number | null {
  const { demandCount, rttMs, weight, targetMs } = matrix
  // What the newcomer brings whoever leaves, and what each leaver costs beside it.
  let covered = 0
  let meanMs = 0
  const lostCovered = new Float64Array(set.length)
  const lostMs = new Float64Array(set.length)
  for (let demand = 0; demand < demandCount; demand++) {
    const rtt = rttMs[site * demandCount + demand]!
    const first = firstMs[demand]!
    const share = weight[demand]!
    if (rtt < first) {
      if (rtt <= targetMs && first > targetMs) covered += share
      meanMs += share * (Math.min(rtt, unreachableMs) - Math.min(first, unreachableMs))
    } else if (first < Infinity) {
      const next = Math.min(rtt, secondMs[demand]!)
      const position = member[demand]!
      if (first <= targetMs && next > targetMs) lostCovered[position]! -= share
      lostMs[position]! += share * (Math.min(next, unreachableMs) - Math.min(first, unreachableMs))
    }
  }
  let best: number | null = null
  let bestGain: SiteScore = { covered: 0, meanMs: 0 }
  for (let position = fixedCount; position < set.length; position++) {
    const gain = { covered: covered + lostCovered[position]!, meanMs: meanMs + lostMs[position]! }
    if (compareScores(gain, bestGain) <= 0) continue
    best = position
    bestGain = gain
  }
  return best
}

/** The better of two sets; the first when they are equal. */
export function betterSet(matrix: SiteMatrix, a: readonly number[], b: readonly number[]): readonly number[] {
  const scores = [a, b].map((set) => scoreOf(matrix, nearestOf(matrix, set))) as [SiteScore, SiteScore]
  return compareScores(scores[1], scores[0]) > 0 ? b : a
}
