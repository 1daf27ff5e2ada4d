/**
 * The two moves of the planner: add the site that helps most, and swap one member for a better outsider.
 *
 * A swap round looks at every (outsider, member) pair in one pass over the matrix by remembering each demand point's two
 * nearest members (the fast interchange of Whitaker, INFOR 1983). Among equals the lower site index wins.
 */
import { add, compareScores, nearestOf, scoreOf, type SiteMatrix, type SiteScore } from './site-matrix.ts'

/** No instance came near this; it bounds the loop should rounding ever make two sets look better than each other. */
const swapRoundsMax = 1_000

/** The candidate that improves the set most, or null when none improves it. */
export function bestAddition(matrix: SiteMatrix, set: readonly number[]): number | null {
  const { firstMs } = nearestOf(matrix, set)
  const members = new Set(set)
  let best: number | null = null
  let bestGain: SiteScore = { covered: 0, meanMs: 0 }
  for (let site = 0; site < matrix.siteCount; site++) {
    if (members.has(site)) continue
    const gain = { covered: 0, meanMs: 0 }
    for (let demand = 0; demand < matrix.demandCount; demand++) {
      const rtt = matrix.rttMs[demand * matrix.siteCount + site]!
      if (rtt < firstMs[demand]!) replace(gain, matrix, demand, firstMs[demand]!, rtt)
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
  for (let round = 0; round < swapRoundsMax; round++) {
    const swap = bestSwap(matrix, set, fixedCount)
    if (!swap) return set
    set[swap.position] = swap.site
  }
  return set
}

function bestSwap(matrix: SiteMatrix, set: readonly number[], fixedCount: number) {
  const { member, firstMs, secondMs } = nearestOf(matrix, set)
  const members = new Set(set)
  let best: { position: number; site: number } | null = null
  let bestGain: SiteScore = { covered: 0, meanMs: 0 }
  for (let site = 0; site < matrix.siteCount; site++) {
    if (members.has(site)) continue
    // What the newcomer brings whoever leaves, and what each leaver costs beside it.
    const common = { covered: 0, meanMs: 0 }
    const leaving = set.map(() => ({ covered: 0, meanMs: 0 }))
    for (let demand = 0; demand < matrix.demandCount; demand++) {
      const rtt = matrix.rttMs[demand * matrix.siteCount + site]!
      const first = firstMs[demand]!
      if (rtt < first) replace(common, matrix, demand, first, rtt)
      else if (member[demand]! >= 0)
        replace(leaving[member[demand]!]!, matrix, demand, first, Math.min(rtt, secondMs[demand]!))
    }
    for (let position = fixedCount; position < set.length; position++) {
      const cost = leaving[position]!
      const gain = { covered: common.covered + cost.covered, meanMs: common.meanMs + cost.meanMs }
      if (compareScores(gain, bestGain) > 0) {
        best = { position, site }
        bestGain = gain
      }
    }
  }
  return best
}

function replace(score: SiteScore, matrix: SiteMatrix, demand: number, fromMs: number, toMs: number): void {
  add(score, matrix, demand, fromMs, -1)
  add(score, matrix, demand, toMs, 1)
}

/** The better of two sets; the first when they are equal. */
export function betterSet(matrix: SiteMatrix, a: readonly number[], b: readonly number[]): readonly number[] {
  const scores = [a, b].map((set) => scoreOf(matrix, nearestOf(matrix, set))) as [SiteScore, SiteScore]
  return compareScores(scores[1], scores[0]) > 0 ? b : a
}
