/**
 * What each connection has still to answer, in order. Every response that is added emits `close` in the end.
 *
 * Node says it of the response whose turn it is when a connection goes, and nothing of those that wait behind it
 * (pipelining): whoever waits for their end would wait for ever.
 */
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Duplex } from 'node:stream'

export interface Exchange {
  request: IncomingMessage
  response: ServerResponse
}

export interface Exchanges {
  add(exchange: Exchange): void
  /** Those whose answer is not out yet, oldest first. */
  unfinished(socket: Duplex): Exchange[]
}

export function createExchanges(): Exchanges {
  const bySocket = new WeakMap<Duplex, Exchange[]>()

  function begin(socket: Duplex): Exchange[] {
    const open: Exchange[] = []
    bySocket.set(socket, open)
    // After Node has told the one whose turn it was.
    socket.once('close', () => setImmediate(() => [...open].forEach(closeUnsaid)))
    return open
  }

  return {
    add(exchange) {
      const { socket } = exchange.request
      const open = bySocket.get(socket) ?? begin(socket)
      open.push(exchange)
      exchange.response.once('close', () => {
        const at = open.indexOf(exchange)
        if (at >= 0) open.splice(at, 1)
      })
    },
    unfinished(socket) {
      const open = bySocket.get(socket) ?? []
      return open.filter(({ response }) => !response.writableFinished && !response.destroyed)
    },
  }
}

function closeUnsaid({ response }: Exchange): void {
  response.destroy()
  response.emit('close')
}
