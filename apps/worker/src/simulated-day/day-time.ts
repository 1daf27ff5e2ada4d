/**
 * The day's time: it moves when somebody sleeps, and by nothing else. Nobody waits.
 *
 * It begins where the chain's first block is put, far from any machine's own time, so that a clock that was not passed in
 * would be noticed.
 */
import { setImmediate as nextTurn } from 'node:timers/promises'
import { manualClock } from '@isochrone/domain'
import type { Time } from '@isochrone/contracts-client'

/** 2033-05-18, in chain seconds. */
export const DAY_START_S = 2_000_000_000

export function createDayTime(): Time {
  const clock = manualClock(DAY_START_S * 1_000)
  return {
    nowMs: () => clock.nowMs(),
    async sleep(ms) {
      clock.advanceMs(ms)
      await nextTurn()
    },
  }
}
