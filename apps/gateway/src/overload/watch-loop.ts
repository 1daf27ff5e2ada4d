/**
 * How late this process's event loop is: everything that a gateway does waits in it, so a loop that stays late is a gateway that
 * has more to do than it can.
 *
 * Late once is no load: a process may have been held up, or have done one long thing. It counts where it lasts: where nothing
 * was in time for `BEHIND_MS_MAX`, in several turns or in one that is not over yet. (Node's own `monitorEventLoopDelay`, which the
 * default metrics show, says nothing of a turn before its end.)
 *
 * A process that stood still (stopped, frozen, its machine asleep) has done nothing meanwhile, and what waits at its sockets is what
 * came then. A loop that is waiting for its sockets wakes for this timer: what it waits beyond that, it stood still. And of what
 * may have been such a stop in the middle of its work, the first late turn, no more counts than what is still in time.
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
  /** How long the loop has waited for something to do since it began, ms. */
  idleMs?: () => number
}

const TICK_MS = 50
export const BEHIND_MS_MAX = 2_000

export function watchLoop(options: LoopWatchOptions): LoopWatch {
  const { lateMsMax, nowMs = () => performance.now() } = options
  const { idleMs = () => performance.eventLoopUtilization().idle } = options
  let tickedAtMs = nowMs()
  let idleAtTickMs = idleMs()
  let inTimeAtMs = tickedAtMs
  let lastLateMs = 0
  /** In a row. */
  let lateTicks = 0

  /** Since the last tick. */
  const stoodStillMs = (): number => Math.max(0, idleMs() - idleAtTickMs - TICK_MS)

  /** How late the next tick is. */
  function overdueMs(atMs: number): number {
    const lateMs = Math.max(0, atMs - tickedAtMs - TICK_MS)
    return lateMs > lateMsMax ? Math.max(0, lateMs - stoodStillMs()) : lateMs
  }

  const timer = setInterval(() => {
    const atMs = nowMs()
    lastLateMs = overdueMs(atMs)
    if (lastLateMs <= lateMsMax) [lateTicks, inTimeAtMs] = [0, atMs]
    else if (++lateTicks === 1) inTimeAtMs = atMs - lateMsMax
    else inTimeAtMs += stoodStillMs()
    tickedAtMs = atMs
    idleAtTickMs = idleMs()
  }, TICK_MS).unref()

  function behindMs(): number {
    const atMs = nowMs()
    return lateTicks > 1 || overdueMs(atMs) > lateMsMax ? atMs - inTimeAtMs - stoodStillMs() : 0
  }

  return {
    lateMs: () => Math.max(lastLateMs, overdueMs(nowMs())),
    behindMs,
    isOverloaded: () => behindMs() > BEHIND_MS_MAX,
    stop: () => clearInterval(timer),
  }
}
