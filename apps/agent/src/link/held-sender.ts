/**
 * Sends what a stream's merger holds back once its time has come, beside the loop that reads the engine: with the turn of the
 * event loop, or some milliseconds after it came. Whatever the loop sends itself takes along what is held.
 *
 * Until then the engine is not read: what it says meanwhile would be held as well, and is read all at once in the end.
 */
import type { ChunkMerger, CountedChunk } from './merge-chunks.ts'

export interface HeldSender {
  /** Nothing more has come: what is held leaves in time. */
  readonly plan: () => void
  /** Nothing is sent any more. */
  readonly stop: () => void
}

export interface HeldSenderOptions {
  merger: ChunkMerger
  /** False where nothing may be sent now: it stays held. */
  mayThen: () => boolean
  sends: (chunk: CountedChunk) => void
  /** For how long what is not due waits, ms; null leaves it to the next chunk, or to the end. */
  holdMs: number | null
  /** The engine is read no further, or again. */
  rest: (isResting: boolean) => void
}

export function createHeldSender({ merger, mayThen, sends, holdMs, rest }: HeldSenderOptions): HeldSender {
  let turn: NodeJS.Immediate | undefined
  let timer: NodeJS.Timeout | undefined
  let isWaiting = false

  function onTurn(): void {
    turn = undefined
    if (!isWaiting && !merger.isDue) return
    isWaiting = false
    if (mayThen()) for (const chunk of merger.flush(performance.now())) sends(chunk)
  }

  function onTime(): void {
    rest(false)
    // Behind the turn of the sockets.
    turn ??= setImmediate(onTurn)
  }

  return {
    plan() {
      // What comes while something waits leaves with it.
      if (isWaiting) return
      if (merger.isDue) {
        turn ??= setImmediate(onTurn)
        return
      }
      if (holdMs === null || !merger.mayWait) return
      isWaiting = true
      rest(true)
      // The same timer again: a new one for each chunk costs more than the chunk's hash.
      if (timer) timer.refresh()
      else timer = setTimeout(onTime, holdMs)
    },
    stop() {
      clearImmediate(turn)
      clearTimeout(timer)
    },
  }
}
