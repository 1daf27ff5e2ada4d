/**
 * Writes the body of a streamed answer: each part in one piece with the framing of HTTP/1.1 around it.
 *
 * Node would send a part as four writes, length, part and two line ends (RFC 9112, section 7.1), which costs more than a
 * token's whole way through this process, and gather them until the next tick. So what follows the head goes to the socket itself
 * while it is this answer's. Where the head that left says no chunks (HTTP/1.0), parts go out as they are.
 */
import type { ServerResponse } from 'node:http'

export interface ChunkedBody {
  /** `before`, `part` and `after` as one chunk. False: the customer should catch up first, as `response.write` says it. */
  write(part: Uint8Array, before?: Uint8Array, after?: Uint8Array): boolean
  /** Ends the answer with a last text. */
  end(text: string): void
}

const NOTHING = new Uint8Array()
const CARRIAGE_RETURN = 13
const LINE_FEED = 10

/** Call it when the head was written: that decides how the body is framed. */
export function chunkedBody(response: ServerResponse): ChunkedBody {
  const isChunked = response.chunkedEncoding
  // From here on the framing is ours.
  response.chunkedEncoding = false
  let isHeadOut = false

  function put(out: Buffer): boolean {
    const { socket } = response
    // Null before its turn, and behind its end: what is written then waits in the response.
    if (!isHeadOut || socket?.writable !== true) {
      isHeadOut = true
      return response.write(out)
    }
    if (socket.write(out)) return true
    // Node tells the response only of what it wrote itself.
    socket.once('drain', () => response.emit('drain'))
    return false
  }

  return {
    write(part, before = NOTHING, after = NOTHING) {
      const bytes = before.length + part.length + after.length
      if (bytes === 0) return true
      const head = isChunked ? `${bytes.toString(16)}\r\n` : ''
      const out = Buffer.allocUnsafe(head.length + bytes + (isChunked ? 2 : 0))
      let at = out.write(head, 0, 'latin1')
      out.set(before, at)
      out.set(part, (at += before.length))
      out.set(after, (at += part.length))
      if (isChunked) {
        out[(at += after.length)] = CARRIAGE_RETURN
        out[at + 1] = LINE_FEED
      }
      return put(out)
    },
    end(text) {
      if (!isChunked) return void response.end(text)
      const bytes = Buffer.byteLength(text)
      // A chunk of no bytes is the end.
      response.end(bytes === 0 ? '0\r\n\r\n' : `${bytes.toString(16)}\r\n${text}\r\n0\r\n\r\n`)
    },
  }
}
