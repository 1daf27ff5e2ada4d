/**
 * Where to have sites: choose k candidates so that as much demand as possible is within a latency target.
 *
 * The objective is lexicographic: first the weighted share of demand whose nearest allowed site is within the target
 * (maximal covering, Church & ReVelle 1974), then the weighted mean round trip (p-median). Plans grow one site at a time
 * and are improved by swaps and a few seeded restarts; none is worse than plain greedy, which covers at least 1 − 1/e of
 * the optimum (Nemhauser, Wolsey & Fisher 1978). Pure: the order of the lists changes nothing, the seed decides between
 * equals, and a plan with more sites is never a worse one.
 */
import { prng, type Prng } from '@isochrone/domain'
import { bestAddition, betterSet, swapUntilBest } from './sites/improve-sites.ts'
import { nearestOf, unreachableMs, type SiteMatrix } from './sites/site-matrix.ts'

export interface DemandPoint {
  id: string
  /** Its share of all demand, in any unit, ≥ 0. */
  weight: number
}

export interface SiteProblem {
  demand: readonly DemandPoint[]
  /** Ids of the candidate sites. */
  sites: readonly string[]
  /** Round trip of `demand[d]` to `sites[s]`, ms; null = unknown, which like 10 s or more serves nobody. */
  rttMs: (d: number, s: number) => number | null
  targetMs: number
  /** Sites that are there already: part of every plan and counted in it. */
  fixed?: readonly string[] | undefined
  /** Candidates that must not be used. */
  excluded?: readonly string[] | undefined
  /** Residency: whether a site may serve a demand point. Left out: every site may. */
  mayServe?: ((demandId: string, siteId: string) => boolean) | undefined
  seed: number
}

export interface SiteAssignment {
  demandId: string
  /** Nearest site of the plan that may serve it; null when there is none. */
  siteId: string | null
  rttMs: number | null
}

export interface SitePlan {
  /** Sites asked for. */
  count: number
  /** Sites chosen, by id: fewer than asked for when a further one would help nobody. */
  siteIds: string[]
  /** Weighted share of demand within the target, 0 to 1. */
  coveredShare: number
  /** Weighted mean round trip of the demand that has a site, ms; null when none has. */
  meanRttMs: number | null
  /** Weighted share of demand that no site of the plan may serve. */
  unservedShare: number
  /** One row for each demand point, by id. */
  assignments: SiteAssignment[]
}

/** Restarts for each number of sites: some members make room for random ones, and the set is improved again. */
const restarts = 16

/**
 * One plan for each of `counts`. Work grows with the largest count × demand × sites; 250 × 250 to 40 sites takes
 * about two seconds.
 *
 * @throws {RangeError} on unknown or repeated ids, weights or round trips that are negative or not finite, a fixed site
 * that is excluded, and counts below the number of fixed sites.
 */
export function planSites(problem: SiteProblem, counts: readonly number[]): SitePlan[] {
  const rng = prng(problem.seed)
  const { matrix, demandIds, siteIds } = matrixOf(problem, rng)
  const fixed = (problem.fixed ?? []).map((id) => siteIds.indexOf(id)).toSorted((a, b) => a - b)
  for (const count of counts) {
    if (!Number.isInteger(count) || count < Math.max(1, fixed.length))
      throw new RangeError(
        `cannot plan ${count} sites: it takes a whole number, at least the ${fixed.length} fixed ones`,
      )
  }
  const sets = growSets(matrix, fixed, Math.max(0, ...counts), rng)
  return counts.map((count) => describePlan(count, sets[count]!, matrix, demandIds, siteIds))
}

/** The best set found for each number of sites, from as many as are fixed to `countMax`. */
function growSets(matrix: SiteMatrix, fixed: readonly number[], countMax: number, rng: Prng): (readonly number[])[] {
  const sets: (readonly number[])[] = []
  let best: readonly number[] = fixed
  let greedy: readonly number[] = fixed
  sets[fixed.length] = best
  for (let count = fixed.length + 1; count <= countMax; count++) {
    // From the last plan, so that more sites are never worse; and from plain greedy, so that neither is this.
    greedy = fill(matrix, greedy, count)
    const grown = swapUntilBest(matrix, fill(matrix, best, count), fixed.length)
    best = betterSet(matrix, grown, swapUntilBest(matrix, greedy, fixed.length))
    for (let restart = 0; restart < restarts; restart++) {
      const shaken = shake(matrix, best, fixed.length, rng)
      best = betterSet(matrix, best, swapUntilBest(matrix, shaken, fixed.length))
    }
    sets[count] = best
  }
  return sets
}

function fill(matrix: SiteMatrix, set: readonly number[], count: number): number[] {
  const filled = [...set]
  while (filled.length < count) {
    const site = bestAddition(matrix, filled)
    if (site === null) break
    filled.push(site)
  }
  return filled
}

/** Replaces up to half of the members that are not fixed by random outsiders. */
function shake(matrix: SiteMatrix, set: readonly number[], fixedCount: number, rng: Prng): number[] {
  const shaken = [...set]
  const free = set.length - fixedCount
  if (free === 0 || set.length === matrix.siteCount) return shaken
  const replaced = 1 + rng.below(Math.ceil(free / 2))
  for (let i = 0; i < replaced; i++) {
    const outsider = rng.below(matrix.siteCount)
    if (!shaken.includes(outsider)) shaken[fixedCount + rng.below(free)] = outsider
  }
  return shaken
}

/** Sorts by id, so that the order given means nothing, then shuffles the sites by the seed, so that no id is favoured. */
function matrixOf(problem: SiteProblem, rng: Prng) {
  const demand = positionsById(
    problem.demand.map(({ id }) => id),
    'demand point',
  )
  const excluded = new Set(problem.excluded)
  const known = positionsById(problem.sites, 'site')
  for (const id of [...(problem.fixed ?? []), ...excluded]) {
    if (!problem.sites.includes(id)) throw new RangeError(`site ${id} is not among the candidates`)
  }
  positionsById(problem.fixed ?? [], 'fixed site')
  const barred = problem.fixed?.find((id) => excluded.has(id))
  if (barred !== undefined) throw new RangeError(`site ${barred} is both fixed and excluded`)
  const sites = shuffle(
    known.filter(({ id }) => !excluded.has(id)),
    rng,
  )
  if (!(problem.targetMs >= 0)) throw new RangeError(`the target of ${problem.targetMs} ms is not 0 or more`)

  const weight = Float64Array.from(demand, ({ id, at }) => finite(problem.demand[at]!.weight, `weight of ${id}`))
  const total = weight.reduce((sum, value) => sum + value, 0)
  if (!(total > 0 && Number.isFinite(total))) throw new RangeError('there is no demand to serve')
  const rttMs = new Float64Array(demand.length * sites.length).fill(unreachableMs)
  demand.forEach((point, row) => {
    sites.forEach((site, column) => {
      if (problem.mayServe && !problem.mayServe(point.id, site.id)) return
      const rtt = problem.rttMs(point.at, site.at)
      if (rtt !== null) rttMs[column * demand.length + row] = finite(rtt, `round trip ${point.id} to ${site.id}`)
    })
  })
  const matrix: SiteMatrix = {
    demandCount: demand.length,
    siteCount: sites.length,
    rttMs,
    weight: weight.map((value) => value / total),
    targetMs: problem.targetMs,
  }
  return { matrix, demandIds: demand.map(({ id }) => id), siteIds: sites.map(({ id }) => id) }
}

function positionsById(ids: readonly string[], what: string): { id: string; at: number }[] {
  const rows = ids.map((id, at) => ({ id, at })).toSorted((a, b) => (a.id < b.id ? -1 : 1))
  rows.forEach(({ id }, i) => {
    if (i > 0 && rows[i - 1]!.id === id) throw new RangeError(`${what} ${id} is listed twice`)
  })
  return rows
}

function shuffle<T>(rows: readonly T[], rng: Prng): T[] {
  const shuffled = [...rows]
  for (let i = shuffled.length - 1; i > 0; i--) {
    const j = rng.below(i + 1)
    ;[shuffled[i], shuffled[j]] = [shuffled[j]!, shuffled[i]!]
  }
  return shuffled
}

function finite(value: number, name: string): number {
  if (!(value >= 0 && Number.isFinite(value))) throw new RangeError(`${name} is ${value}, not a number of 0 or more`)
  return value
}

function describePlan(
  count: number,
  set: readonly number[],
  matrix: SiteMatrix,
  demandIds: readonly string[],
  siteIds: readonly string[],
): SitePlan {
  const { member, firstMs } = nearestOf(matrix, set)
  let coveredShare = 0
  let servedShare = 0
  let sumMs = 0
  const assignments = demandIds.map((demandId, demand): SiteAssignment => {
    const position = member[demand]!
    if (position < 0) return { demandId, siteId: null, rttMs: null }
    const rttMs = firstMs[demand]!
    servedShare += matrix.weight[demand]!
    sumMs += matrix.weight[demand]! * rttMs
    if (rttMs <= matrix.targetMs) coveredShare += matrix.weight[demand]!
    return { demandId, siteId: siteIds[set[position]!]!, rttMs }
  })
  return {
    count,
    siteIds: set.map((site) => siteIds[site]!).toSorted(),
    coveredShare: Math.min(1, coveredShare),
    meanRttMs: servedShare > 0 ? sumMs / servedShare : null,
    unservedShare: Math.max(0, 1 - servedShare),
    assignments,
  }
}
