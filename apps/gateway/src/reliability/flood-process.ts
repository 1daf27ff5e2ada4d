/**
 * A client that does not care, as a process of its own and at little cost: the same bytes at a fixed rate over kept
 * connections, whatever comes back. Told what to send as the first line on stdin; when stdin ends it says what it saw.
 */
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { createInterface } from 'node:readline'

export interface FloodOrder {
  host: string
  port: number
  perSecond: number
  /** A whole request, as it goes over the wire. */
  bytes: string
}

export interface FloodSeen {
  sent: number
  /** Answers by the first digit of their status. */
  statuses: Record<string, number>
  /** Not sent, for every connection waited for its answer. */
  heldBack: number
}

const SOCKETS_MAX = 512
const TICK_MS = 5

async function flood({ host, port, perSecond, bytes }: FloodOrder, done: Promise<unknown>): Promise<FloodSeen> {
  const seen: FloodSeen = { sent: 0, statuses: {}, heldBack: 0 }
  const idle: Socket[] = []
  const sockets = new Set<Socket>()

  function open(): Socket {
    const socket = connect({ host, port })
    sockets.add(socket)
    socket.setNoDelay(true).setEncoding('latin1')
    socket.on('data', (text: string) => {
      const [, status] = /^HTTP\/1\.1 (\d{3})/.exec(text) ?? []
      if (status !== undefined) seen.statuses[status] = (seen.statuses[status] ?? 0) + 1
      // A refusal comes in one piece, a stream ends with an empty chunk.
      if (/^[45]/.test(status ?? '') || text.endsWith('0\r\n\r\n')) idle.push(socket)
    })
    socket.on('error', () => socket.destroy())
    socket.on('close', () => {
      sockets.delete(socket)
      const at = idle.indexOf(socket)
      if (at >= 0) idle.splice(at, 1)
    })
    return socket
  }

  const startedAt = performance.now()
  const timer = setInterval(() => {
    const due = Math.floor(((performance.now() - startedAt) / 1_000) * perSecond)
    for (let n = due - seen.sent - seen.heldBack; n > 0; n--) {
      const socket = idle.pop() ?? (sockets.size < SOCKETS_MAX ? open() : undefined)
      if (!socket) {
        seen.heldBack++
        continue
      }
      socket.write(bytes)
      seen.sent++
    }
  }, TICK_MS)
  await done
  clearInterval(timer)
  for (const socket of sockets) socket.destroy()
  return seen
}

const lines = createInterface({ input: process.stdin })
const closed = once(lines, 'close')
const [line] = (await once(lines, 'line')) as [string]
process.stdout.write(`${JSON.stringify(await flood(JSON.parse(line) as FloodOrder, closed))}\n`)
