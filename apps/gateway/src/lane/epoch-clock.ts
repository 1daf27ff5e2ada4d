/**
 * When epochs close: at the clock's boundaries, when somebody asks, and when one grows too large. One at a time.
 */
import type { Clock } from '@isochrone/domain'
import type { EpochClosedEntry } from '@isochrone/protocol'
import type { Logger } from '@isochrone/runtime'

export interface EpochClock {
  start(): void
  /** Closes after a close that is under way. Null when there is nothing to close. */
  closeNow(): Promise<EpochClosedEntry | null>
  /** Asks for a close without waiting for it; a close that is already asked for is not asked for twice. */
  closeSoon(): void
  stop(): Promise<void>
}

export interface EpochClockOptions {
  clock: Clock
  epochMs: number
  close: () => Promise<EpochClosedEntry | null>
  logger: Logger
}

export function createEpochClock({ clock, epochMs, close, logger }: EpochClockOptions): EpochClock {
  let timer: NodeJS.Timeout | undefined
  let stopped = false
  let asked = false
  let tail: Promise<unknown> = Promise.resolve()

  function closeNow(): Promise<EpochClosedEntry | null> {
    const result = tail.then(close)
    tail = result.catch(() => undefined)
    return result
  }

  function closeSoon(): void {
    if (asked || stopped) return
    asked = true
    closeNow()
      // Nothing is lost: the receipts stay unclosed and the next boundary tries again.
      .catch((error: unknown) => logger.error({ err: error }, 'the epoch could not be closed'))
      .finally(() => (asked = false))
  }

  function schedule(): void {
    const waitMs = epochMs - (clock.nowMs() % epochMs)
    timer = setTimeout(
      () => {
        closeSoon()
        schedule()
      },
      // A timer above 2³¹ ms would fire at once.
      Math.min(waitMs, 86_400_000),
    )
    timer.unref()
  }

  return {
    start: schedule,
    closeNow,
    closeSoon,
    async stop() {
      stopped = true
      clearTimeout(timer)
      await tail
    },
  }
}
