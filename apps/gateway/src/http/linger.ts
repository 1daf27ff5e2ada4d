/**
 * Lets a client that is still sending read an answer that came early.
 *
 * A socket that is closed with unread bytes in it resets the connection, and the client then sees a broken pipe instead of
 * its 413. So the rest of the body is read and dropped, bounded in bytes and time, before the connection goes.
 */
import type { IncomingMessage } from 'node:http'

export interface LingerLimits {
  bytesMax: number
  msMax: number
}

const LOOK_MS = 50

/** Call when the answer was sent. Node drops what still arrives; this ends it. */
export function linger(request: IncomingMessage, { bytesMax, msMax }: LingerLimits): void {
  if (request.complete) return
  const { socket } = request
  const bytesBefore = socket.bytesRead
  const until = performance.now() + msMax
  request.resume()
  const timer = setInterval(() => {
    const over = socket.bytesRead - bytesBefore > bytesMax || performance.now() > until
    if (over && !request.complete) socket.destroy()
    if (over || request.complete || socket.destroyed) clearInterval(timer)
  }, LOOK_MS).unref()
}
