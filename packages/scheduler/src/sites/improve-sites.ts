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
      gain.meanMs += weight[demand]! * (rtt - first)
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
  const lost: Losses = { covered: new Float64Array(set.length), meanMs: new Float64Array(set.length) }
  let nearest = nearestOf(matrix, set)
  let swaps = 0
  for (let sinceSwap = 0, site = 0; sinceSwap < matrix.siteCount && swaps < swapsMax; site++, sinceSwap++) {
    if (site === matrix.siteCount) site = 0
    const position = set.includes(site) ? -1 : bestLeaver(matrix, nearest, lost, fixedCount, site)
    if (position < 0) continue
    set[position] = site
    nearest = nearestOf(matrix, set)
    swaps += 1
    sinceSwap = 0
  }
  return set
}

/** By member: what would be lost if it left. Kept by the caller, because a plan asks this millions of times. */
interface Losses {
  readonly covered: Float64Array
  readonly meanMs: Float64Array
}

/** Whose place `site` should take to improve the set most; -1 when that improves nothing. */
function bestLeaver(
  matrix: SiteMatrix,
  { member, firstMs, secondMs }: Nearest,
  lost: Losses,
  fixedCount: number,
  site: number,
): number {
  const { demandCount, rttMs, weight, targetMs } = matrix
  // What the newcomer brings whoever leaves, and what each leaver costs beside it.
  let covered = 0
  let meanMs = 0
  lost.covered.fill(0)
  lost.meanMs.fill(0)
  const column = site * demandCount
  for (let demand = 0; demand < demandCount; demand++) {
    const rtt = rttMs[column + demand]!
    const first = firstMs[demand]!
    const share = weight[demand]!
    if (rtt < first) {
      if (rtt <= targetMs && first > targetMs) covered += share
      meanMs += share * (rtt - first)
    } else if (first < unreachableMs) {
      const second = secondMs[demand]!
      const next = rtt < second ? rtt : second
      const position = member[demand]!
      if (first <= targetMs && next > targetMs) lost.covered[position]! -= share
      lost.meanMs[position]! += share * (next - first)
    }
  }
  let best = -1
  const bestGain: SiteScore = { covered: 0, meanMs: 0 }
  const gain: SiteScore = { covered: 0, meanMs: 0 }
  for (let position = fixedCount; position < lost.covered.length; position++) {
    gain.covered = covered + lost.covered[position]!
    gain.meanMs = meanMs + lost.meanMs[position]!
    if (compareScores(gain, bestGain) <= 0) continue
    best = position
    bestGain.covered = gain.covered
    bestGain.meanMs = gain.meanMs
  }
  return best
}

/** The better of two sets; the first when they are equal. */
export function betterSet(matrix: SiteMatrix, a: readonly number[], b: readonly number[]): readonly number[] {
  const scores = [a, b].map((set) => scoreOf(matrix, nearestOf(matrix, set))) as [SiteScore, SiteScore]
  return compareScores(scores[1], scores[0]) > 0 ? b : a
}
