/**
 * Gathers what one turn of the event loop sends over a link and hands it on as one message: a message costs more than what
 * is in it.
 *
 * Order is kept, nothing waits longer than the turn unless its sender says so, then a few milliseconds, and it never holds more
 * than a few pages of memory.
 */
import { encodeBatch } from './frames.ts'

export interface FrameOutbox {
  /** `withNext`: it waits for the next frame, of whatever stream, and goes with it, at most {@link NEXT_MS_MAX}. */
  readonly push: (frame: Buffer, withNext?: boolean) => void
  /** Sends what was gathered now: before the link closes. */
  readonly flush: () => void
}

const GATHERED_BYTES_MAX = 64 * 1024
/** A frame of this size gains nothing by company, and would be copied once more. */
const ALONE_BYTES_MIN = 16 * 1024
/** A frame that its sender says more will follow waits for it no longer than this. */
const NEXT_MS_MAX = 5

/** `send` gets whole messages. */
export function createFrameOutbox(send: (message: Buffer) => void): FrameOutbox {
  let gathered: Buffer[] = []
  let bytes = 0
  let isDue = false
  let timer: NodeJS.Timeout | undefined

  /** Whatever has gathered by then: that it may be younger than the frame that set the timer harms nothing. */
  function flushLate(): void {
    timer = undefined
    flush()
  }

  function flush(): void {
    isDue = false
    const frames = gathered
    if (frames.length === 0) return
    gathered = []
    bytes = 0
    send(frames.length === 1 && frames[0] ? frames[0] : encodeBatch(frames))
  }

  return {
    push(frame, withNext = false) {
      if (frame.length >= ALONE_BYTES_MIN) {
        flush()
        send(frame)
        return
      }
      gathered.push(frame)
      bytes += frame.length
      if (bytes >= GATHERED_BYTES_MAX) flush()
      else if (withNext) timer ??= setTimeout(flushLate, NEXT_MS_MAX)
      else if (!isDue) {
        isDue = true
        setImmediate(flush)
      }
    },
    flush,
  }
}
