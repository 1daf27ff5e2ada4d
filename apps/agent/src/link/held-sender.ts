/**
 * Sends what a stream's merger holds back once its time has come, beside the loop that reads the engine: with the turn of the
 * event loop, or some milliseconds after the last chunk. Whatever the loop sends itself takes along what is held.
 */
import type { ChunkMerger, CountedChunk } from './merge-chunks.ts'

export interface HeldSender {
  /** Something came in: what is held of it leaves in time. */
  readonly plan: (nowMs: number) => void
  /** Nothing is sent any more. */
  readonly stop: () => void
}

export interface HeldSenderOptions {
  merger: ChunkMerger
  /** False where nothing may be sent now: it stays held. */
  mayThen: () => boolean
  sends: (chunk: CountedChunk) => void
  /** Of what is not due yet: false leaves it to the next chunk, or to the end. */
  isTimed: boolean
}

/** A timer's time is whole milliseconds. */
const TIMER_MS = 1

export function createHeldSender({ merger, mayThen, sends, isTimed }: HeldSenderOptions): HeldSender {
  let turn: NodeJS.Immediate | undefined
  let timer: NodeJS.Timeout | undefined

  function sendHeld(nowMs: number): void {
    if (mayThen()) for (const chunk of merger.flush(nowMs)) sends(chunk)
  }

  function onTurn(): void {
    turn = undefined
    if (merger.isDue) sendHeld(performance.now())
  }

  function onTime(): void {
    timer = undefined
    const nowMs = performance.now()
    const leftMs = merger.dueInMs(nowMs)
    if (leftMs !== null && leftMs > TIMER_MS) wait(leftMs)
    else sendHeld(nowMs)
  }

  function wait(ms: number): void {
    timer ??= setTimeout(onTime, ms)
  }

  return {
    plan(nowMs) {
      if (merger.isDue) {
        turn ??= setImmediate(onTurn)
        return
      }
      const leftMs = isTimed ? merger.dueInMs(nowMs) : null
      if (leftMs !== null) wait(leftMs)
    },
    stop() {
      clearImmediate(turn)
      clearTimeout(timer)
    },
  }
}
