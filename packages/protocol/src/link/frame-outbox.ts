/**
 * Gathers what one turn of the event loop sends over a link and hands it on as one message: a message costs more than what
 * is in it.
 *
 * Order is kept, nothing waits longer than the turn, and it never holds more than a few pages of memory.
 */
import { encodeBatch } from './frames.ts'

export interface FrameOutbox {
  readonly push: (frame: Buffer) => void
  /** Sends what was gathered now: before the link closes. */
  readonly flush: () => void
}

const GATHERED_BYTES_MAX = 64 * 1024
/** A frame of this size gains nothing by company, and would be copied once more. */
const ALONE_BYTES_MIN = 16 * 1024

/** `send` gets whole messages. */
export function createFrameOutbox(send: (message: Buffer) => void): FrameOutbox {
  let gathered: Buffer[] = []
  let bytes = 0
  let isDue = false

  function flush(): void {
    isDue = false
    const frames = gathered
    if (frames.length === 0) return
    gathered = []
    bytes = 0
    send(frames.length === 1 && frames[0] ? frames[0] : encodeBatch(frames))
  }

  return {
    push(frame) {
      if (frame.length >= ALONE_BYTES_MIN) {
        flush()
        send(frame)
        return
      }
      gathered.push(frame)
      bytes += frame.length
      if (bytes >= GATHERED_BYTES_MAX) flush()
      else if (!isDue) {
        isDue = true
        setImmediate(flush)
      }
    },
    flush,
  }
}
