/**
 * How long a node needs alone on a quiet machine, learnt from its earlier checks for shared hardware. Anybody can work it out again
 * from the inputs that those checks keep.
 */
import { z } from 'zod'

/** Earlier checks of a node before it has a usual: a machine that was busy once is no measure. */
export const USUAL_CHECKS_MIN = 3

const timesAlone = z.tuple([z.number().positive(), z.number().positive()])
const measured = z.object({ rounds: z.array(z.object({ aloneUs: z.object({ own: timesAlone }) })).min(1) })

/**
 * µs: of each check the median of the node's own times, and of these the least. What keeps a machine busy makes a time longer and
 * never shorter, so the quietest check says most. Null after fewer than `USUAL_CHECKS_MIN` checks with rounds.
 */
export function usualAloneUs(inputsOfChecks: readonly unknown[]): number | null {
  const medians = inputsOfChecks.flatMap((inputs) => {
    const parsed = measured.safeParse(inputs)
    return parsed.success ? [median(parsed.data.rounds.flatMap(({ aloneUs }) => aloneUs.own))] : []
  })
  return medians.length < USUAL_CHECKS_MIN ? null : Math.min(...medians)
}

/** Of an even number of times the lower one in the middle. */
function median(times: readonly number[]): number {
  return times.toSorted((a, b) => a - b)[Math.floor((times.length - 1) / 2)] ?? Infinity
}
