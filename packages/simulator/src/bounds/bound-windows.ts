/**
 * Cuts time into windows and says which requests must be worked on inside which stretch of them.
 *
 * A request that arrives in window i and is due by the end of window j takes its engine time between the start of i and
 * the end of j: so for each stretch of windows, the work of all requests whose arrival and due time lie inside it fits
 * the stretch. Requests with the same pair (i, j) are of one kind. The last window reaches to the last due time.
 *
 * Of a request that is due later its prompt may still be due inside the stretch: where prompts are asked for, kinds tell by
 * the window of the first token too.
 */
import { invariant } from '@isochrone/domain'
import type { BoundProblem } from './bound-problem.ts'

export interface BoundWindows {
  /** Kind of each request. */
  kindOf: Int32Array
  kinds: number
  /** Each stretch: where it lies, how long it is, which kinds lie inside, and of which others the prompt does. */
  stretches: { fromMs: number; lengthMs: number; kinds: number[]; promptKinds: number[] }[]
  windows: number
}

/** More would say nothing new and make the LP large: stretches grow with the square. */
const windowsMax = 64

/**
 * @param atMostMs windows are of equal length and no longer than this
 * @param prompts whether stretches say of which requests they hold the prompt alone
 */
export function boundWindows(problem: BoundProblem, atMostMs: number, prompts = false): BoundWindows {
  const { fromMs, toMs, lastDueMs, count } = problem
  const windows = Math.max(1, Math.ceil((toMs - fromMs) / atMostMs))
  invariant(windows <= windowsMax, `${windows} windows are more than ${windowsMax}: take longer ones`)
  const windowMs = Math.max(1, (toMs - fromMs) / windows)
  const startOf = (window: number) => fromMs + window * windowMs
  const endOf = (window: number) => (window >= windows ? lastDueMs : Math.min(startOf(window + 1), lastDueMs))
  const windowOf = (ms: number, last: number) => Math.min(last, Math.floor((ms - fromMs) / windowMs))
  const kindByPair = new Map<number, number>()
  const pairs: { arrive: number; firstDue: number; due: number }[] = []
  const kindOf = new Int32Array(count)
  for (let i = 0; i < count; i++) {
    const arrive = windowOf(problem.arriveMs[i] as number, windows - 1)
    const due = windowOf(problem.dueMs[i] as number, windows)
    const firstDue = prompts ? windowOf(problem.firstDueMs[i] as number, windows) : due
    const pair = (arrive * (windows + 1) + firstDue) * (windows + 1) + due
    let kind = kindByPair.get(pair)
    if (kind === undefined) {
      kind = pairs.length
      kindByPair.set(pair, kind)
      pairs.push({ arrive, firstDue, due })
    }
    kindOf[i] = kind
  }
  const stretches: BoundWindows['stretches'] = []
  for (let first = 0; first < windows; first++) {
    for (let last = first; last <= windows; last++) {
      const kinds: number[] = []
      const promptKinds: number[] = []
      for (const [kind, { arrive, firstDue, due }] of pairs.entries()) {
        if (arrive >= first && due <= last) kinds.push(kind)
        else if (arrive >= first && firstDue <= last) promptKinds.push(kind)
      }
      if (kinds.length + promptKinds.length === 0) continue
      const fromMs = startOf(first)
      stretches.push({ fromMs, lengthMs: endOf(last) - fromMs, kinds, promptKinds })
    }
  }
  return { kindOf, kinds: pairs.length, stretches, windows }
}
