/** The little that a link needs of a WebSocket. Sending on one that is closing does nothing: its end is told elsewhere. */
import { createFrameOutbox, encodeJsonFrame, frameType } from '@isochrone/protocol'
import type { WebSocket } from 'ws'

export interface LinkSocket {
  send(frame: Buffer): void
  readonly bufferedBytes: number
  /** Says why, then closes; cut off after a second if the other side does not answer. */
  reject(code: string, message: string): void
  close(): void
  pause(): void
  resume(): void
}

const CLOSE_MS_MAX = 1_000

export function linkSocket(socket: WebSocket): LinkSocket {
  function close(code: number): void {
    if (socket.readyState === socket.CLOSED) return
    outbox.flush()
    socket.close(code)
    setTimeout(() => socket.terminate(), CLOSE_MS_MAX).unref()
  }
  const outbox = createFrameOutbox((message) => {
    if (socket.readyState === socket.OPEN) socket.send(message)
  })
  return {
    send: outbox.push,
    get bufferedBytes() {
      return socket.bufferedAmount
    },
    reject(code, message) {
      outbox.push(encodeJsonFrame(frameType.reject, 0, { code, message }))
      close(1008)
    },
    close: () => close(1000),
    pause: () => socket.pause(),
    resume: () => socket.resume(),
  }
}
