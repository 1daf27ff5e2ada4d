/**
 * The most cities that any k sites can have within a limit, proved by HiGHS: what the planner's figure is held against.
 *
 * Maximal covering as an integer programme (Church & ReVelle 1974): a city counts when one of the chosen sites is within
 * the limit. Cities count equally.
 */
import loadHighs from 'highs'
import type { CityMatrix } from './city-matrix.ts'

const timeLimitS = 60

/** @returns the number of cities, or null when the proof was not finished within a minute */
export async function coverageOptimum(input: {
  matrix: CityMatrix
  /** Places in `matrix.cities` where a site may stand. */
  candidates: readonly number[]
  k: number
  limitMs: number
}): Promise<number | null> {
  const { matrix, candidates, k, limitMs } = input
  const reach = matrix.cities.map((_, city) =>
    candidates.filter((site) => (matrix.rttMs(city, site, 'avg') ?? Infinity) <= limitMs),
  )
  const reached = [...reach.keys()].filter((city) => reach[city]!.length > 0)
  if (reached.length === 0) return 0
  const programme = [
    'Maximize',
    ` served: ${reached.map((city) => `y${city}`).join(' + ')}`,
    'Subject To',
    ...reached.map((city) => ` c${city}: y${city} - ${reach[city]!.map((site) => `x${site}`).join(' - ')} <= 0`),
    ` sites: ${candidates.map((site) => `x${site}`).join(' + ')} <= ${k}`,
    'Bounds',
    ...reached.map((city) => ` y${city} <= 1`),
    'Binary',
    ...candidates.map((site) => ` x${site}`),
    'End',
  ]
  const highs = await loadHighs()
  const solution = highs.solve(programme.join('\n'), { time_limit: timeLimitS })
  return solution.Status === 'Optimal' ? Math.round(solution.ObjectiveValue) : null
}
