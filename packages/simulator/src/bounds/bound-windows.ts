/**
 * Cuts time into windows and says which requests must be worked on inside which stretch of them.
 *
 * A request that arrives in window i and is due by the end of window j takes its engine time between the start of i and
 * the end of j: so for each stretch of windows, the work of all requests whose arrival and due time lie inside it fits
 * the stretch. Requests with the same pair (i, j) are of one kind. The last window reaches to the last due time.
 */
import { invariant } from '@isochrone/domain'
import type { BoundProblem } from './bound-problem.ts'

export interface BoundWindows {
  /** Kind of each request. */
  kindOf: Int32Array
  kinds: number
  /** Each stretch: how long it is, and which kinds lie inside. */
  stretches: { lengthMs: number; kinds: number[] }[]
  windows: number
}

/** More would say nothing new and make the LP large: stretches grow with the square. */
const windowsMax = 64

/** @param atMostMs windows are of equal length and no longer than this */
export function boundWindows(problem: BoundProblem, atMostMs: number): BoundWindows {
  const { fromMs, toMs, lastDueMs, count } = problem
  const windows = Math.max(1, Math.ceil((toMs - fromMs) / atMostMs))
  invariant(windows <= windowsMax, `${windows} windows are more than ${windowsMax}: take longer ones`)
  const windowMs = Math.max(1, (toMs - fromMs) / windows)
  const startOf = (window: number) => fromMs + window * windowMs
  const endOf = (window: number) => (window >= windows ? lastDueMs : Math.min(startOf(window + 1), lastDueMs))
  const windowOf = (ms: number, last: number) => Math.min(last, Math.floor((ms - fromMs) / windowMs))
  const kindByPair = new Map<number, number>()
  const pairs: { arrive: number; due: number }[] = []
  const kindOf = new Int32Array(count)
  for (let i = 0; i < count; i++) {
    const arrive = windowOf(problem.arriveMs[i] as number, windows - 1)
    const due = windowOf(problem.dueMs[i] as number, windows)
    const pair = arrive * (windows + 1) + due
    let kind = kindByPair.get(pair)
    if (kind === undefined) {
      kind = pairs.length
      kindByPair.set(pair, kind)
      pairs.push({ arrive, due })
    }
    kindOf[i] = kind
  }
  const stretches: BoundWindows['stretches'] = []
  for (let first = 0; first < windows; first++) {
    for (let last = first; last <= windows; last++) {
      const kinds = [...pairs.keys()].filter((kind) => {
        const { arrive, due } = pairs[kind] as { arrive: number; due: number }
        return arrive >= first && due <= last
      })
      if (kinds.length > 0) stretches.push({ lengthMs: endOf(last) - startOf(first), kinds })
    }
  }
  return { kindOf, kinds: pairs.length, stretches, windows }
}
