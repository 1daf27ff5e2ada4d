/** How many attempts of a node were under way when each of them started, itself included. */

/** When an attempt is over. Every attempt lasts a millisecond at least. */
export const endMsOf = (startedAtMs: number, durationMs: number): number => startedAtMs + Math.max(1, durationMs)

/**
 * Asked once for each attempt, in the order of their starts. One that ended in the very millisecond in which another
 * starts is over.
 *
 * @param endsMs of all attempts, in any order; sorted where it stands.
 */
export function attemptsUnderWay(endsMs: Float64Array): (startedAtMs: number) => number {
  endsMs.sort()
  let started = 0
  let ended = 0
  return (startedAtMs) => {
    started++
    while (ended < endsMs.length && (endsMs[ended] as number) <= startedAtMs) ended++
    return started - ended
  }
}
