/** How many attempts of a node were under way when each of them started, itself included. */

/**
 * `attempts` sorted by start. One that ended in the very millisecond in which another starts is over; every attempt
 * lasts a millisecond at least.
 */
export function attemptsUnderWay(attempts: readonly { startedAtMs: number; durationMs: number }[]): Uint32Array {
  const ends = Float64Array.from(
    attempts,
    ({ startedAtMs, durationMs }) => startedAtMs + Math.max(1, durationMs),
  ).toSorted()
  const underWay = new Uint32Array(attempts.length)
  let ended = 0
  attempts.forEach(({ startedAtMs }, i) => {
    while (ended < ends.length && (ends[ended] as number) <= startedAtMs) ended++
    underWay[i] = i + 1 - ended
  })
  return underWay
}
