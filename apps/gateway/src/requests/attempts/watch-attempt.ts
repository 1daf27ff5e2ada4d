/**
 * What stops an attempt that does not end by itself: a silent node, a customer who is gone or holds it up for too long, the
 * client's own deadline, the limits of this gateway, another attempt, and the end of this process.
 *
 * Only silence is the node's. A customer who reads slowly is none, and neither is an answer that goes on for longer than an
 * attempt may: its tokens came.
 */
import { SilenceWatch } from '@isochrone/runtime'
import type { StoppedBy } from './judge-attempt.ts'
import type { Stopping } from '../stopping.ts'
import type { AttemptLimits } from '../limits/attempt-limits.ts'

export interface AttemptWatchOptions {
  limits: AttemptLimits
  /** Aborts when the customer is gone. */
  signal: AbortSignal
  stopping: Stopping
  yields?: Stopping | undefined
  moves?: Stopping | undefined
  /** May be called more than once: the first reason counts. */
  stop: (why: StoppedBy) => void
}

export interface AttemptWatch {
  /** The node has said something. */
  heard(): void
  /** Resolves with `slow`: the customer must catch up first. */
  heldUp(slow: Promise<void>): Promise<void>
  /** It is over: nothing stops it any more. */
  end(): void
}

export function watchAttempt({ limits, signal, stopping, yields, moves, stop }: AttemptWatchOptions): AttemptWatch {
  const { silenceMsMax, totalMsMax, heldUpMsMax = Infinity, deadlineMs = null, isOneTry = false } = limits
  let isHeldUp = false
  let heldUpMs = 0
  const silence = new SilenceWatch(silenceMsMax, () => (isHeldUp ? silence.heard() : stop('silence')))
  const total = setTimeout(() => stop(isOneTry ? 'try' : 'limit'), totalMsMax)
  const deadline = deadlineMs === null ? undefined : setTimeout(() => stop('deadline'), deadlineMs)
  const forget = [
    stopping.onStop(() => stop('gateway')),
    yields?.onStop(() => stop('rival')),
    moves?.onStop(() => stop('moved')),
  ]
  const onAbort = () => stop('client')
  if (signal.aborted) onAbort()
  else signal.addEventListener('abort', onAbort, { once: true })

  return {
    heard: () => silence.heard(),
    async heldUp(slow) {
      const sinceMs = performance.now()
      const leftMs = heldUpMsMax - heldUpMs
      const limit = leftMs < Infinity ? setTimeout(() => stop('held_up'), Math.max(0, leftMs)) : undefined
      isHeldUp = true
      await slow
      isHeldUp = false
      clearTimeout(limit)
      heldUpMs += performance.now() - sinceMs
      silence.heard()
    },
    end() {
      silence.stop()
      clearTimeout(total)
      clearTimeout(deadline)
      for (const each of forget) each?.()
      signal.removeEventListener('abort', onAbort)
    },
  }
}
