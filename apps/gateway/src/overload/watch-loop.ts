/**
 * How late this process's event loop is: everything that a gateway does waits in it, so a loop that stays late is a gateway that
 * has more to do than it can.
 *
 * Late once is no load: a process may have been held up, or have done one long thing. It counts where it lasts: where nothing
 * was in time for `BEHIND_MS_MAX`, in several turns or in one that is not over yet. (Node's own `monitorEventLoopDelay`, which the
 * default metrics show, says nothing of a turn before its end.)
 */

export interface LoopWatch {
  /** How late it is now, ms. */
  lateMs(): number
  /** For how long it has not been in time, ms; 0 where that is no load. */
  behindMs(): number
  /** Nothing new may begin: it has been behind for longer than `BEHIND_MS_MAX`. */
  isOverloaded(): boolean
  stop(): void
}

export interface LoopWatchOptions {
  /** What still counts as in time, ms. */
  lateMsMax: number
  nowMs?: () => number
}

const TICK_MS = 50
export const BEHIND_MS_MAX = 2_000

export function watchLoop({ lateMsMax, nowMs = () => performance.now() }: LoopWatchOptions): LoopWatch {
  let tickedAtMs = nowMs()
  let inTimeAtMs = tickedAtMs
  let lastLateMs = 0
  /** In a row. */
  let lateTicks = 0
  const timer = setInterval(() => {
    const atMs = nowMs()
    lastLateMs = Math.max(0, atMs - tickedAtMs - TICK_MS)
    tickedAtMs = atMs
    if (lastLateMs > lateMsMax) lateTicks++
    else [lateTicks, inTimeAtMs] = [0, atMs]
  }, TICK_MS).unref()

  const overdueMs = (atMs: number): number => Math.max(0, atMs - tickedAtMs - TICK_MS)

  function behindMs(): number {
    const atMs = nowMs()
    return lateTicks > 1 || overdueMs(atMs) > lateMsMax ? atMs - inTimeAtMs : 0
  }

  return {
    lateMs: () => Math.max(lastLateMs, overdueMs(nowMs())),
    behindMs,
    isOverloaded: () => behindMs() > BEHIND_MS_MAX,
    stop: () => clearInterval(timer),
  }
}
