/**
 * Where agents dial in: `/v1/agent/link` on the gateway's own HTTP server.
 *
 * One link a node: a newer one of the same key takes over. A link that is silent, breaks the protocol or belongs to a
 * node that was switched off is closed; no other link notices.
 */
import type { IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import { systemClock } from '@isochrone/domain'
import {
  encodeJsonFrame,
  AGENT_FRAME_BYTES_MAX,
  bytes32ToAddress,
  frameType,
  HEARTBEAT_INTERVAL_MS,
  type Hex,
  type LinkHello,
  type LinkWelcome,
  type SignedWork,
} from '@isochrone/protocol'
import { afterReading } from '@isochrone/runtime'
import { WebSocketServer, type WebSocket } from 'ws'
import { sealingKeyCheck } from './check-sealing-keys.ts'
import { greetAgents } from './greet-agents.ts'
import { linkGuard } from './guard-link.ts'
import type { LinkServer, LinkServerOptions } from './link-server-types.ts'
import { LinkSession } from './link-session.ts'
import { STREAM_CREDIT_BYTES } from './link-stream.ts'
import { linkSocket, type LinkSocket } from './link-socket.ts'
import { messageBytes } from './message-bytes.ts'
import { watchLinks, type Link } from './watch-links.ts'

const PATH = '/v1/agent/link'
/** Receipts of one node that may be on their way into the journal before its link is paused. */
const PRESENTED_MAX = 256

export function createLinkServer(options: LinkServerOptions): LinkServer {
  const { httpServer, lane, contracts, control, logger, clock = systemClock } = options
  const server = new WebSocketServer({ noServer: true, maxPayload: AGENT_FRAME_BYTES_MAX, perMessageDeflate: false })
  const sessions = new Map<string, Link>()
  const listeners: ((session: LinkSession, linked: boolean) => void)[] = []
  const reportListeners: ((session: LinkSession) => void)[] = []
  const domain = { chainId: contracts.chainId, verifyingContract: contracts.paymentChannels }
  let closing = false
  const guard = linkGuard(logger)
  const greeting = greetAgents({ lane, contracts, control, logger, guard, admit })
  const changed = (session: LinkSession, linked: boolean) => {
    for (const listener of listeners) listener(session, linked)
  }
  const reported = (session: LinkSession) => {
    for (const listener of reportListeners) listener(session)
  }

  function onUpgrade(request: IncomingMessage, stream: Duplex, head: Buffer): void {
    stream.on('error', () => stream.destroy())
    if (request.url?.split('?', 1)[0] !== PATH) return refuseUpgrade(stream, '404 Not Found')
    if (closing || greeting.isFull) return refuseUpgrade(stream, '503 Service Unavailable')
    server.handleUpgrade(request, stream, head, greeting.greet)
  }

  function admit(ws: WebSocket, socket: LinkSocket, { nodeId, hello }: { nodeId: Hex; hello: LinkHello }): void {
    let presented = 0
    const present = (session: LinkSession, signed: SignedWork): void => {
      if (++presented === PRESENTED_MAX) socket.pause()
      lane
        .presentWork(nodeId, signed)
        .then((confirm) => confirm && session.confirm(confirm))
        .catch((error: unknown) => guard.violation(socket, nodeId, error))
        .finally(() => {
          if (presented-- === PRESENTED_MAX) socket.resume()
        })
    }
    const session = new LinkSession({
      nodeId,
      hello,
      socket,
      nowMs: () => clock.nowMs(),
      present,
      reported,
      answered: (answer) => lane.answerRecord(nodeId, answer),
      checkSealingKeys: sealingKeyCheck(domain, bytes32ToAddress(nodeId), hello.sealingKeys ?? [], () =>
        performance.now(),
      ),
    })
    sessions.get(nodeId)?.socket.reject('replaced', 'A newer link of this node key took over.')
    sessions.get(nodeId)?.session.lost()
    sessions.set(nodeId, { session, socket, silentMs: 0, offSinceMs: null })
    ws.on('message', (data) => guard.run(socket, nodeId, () => session.receive(messageBytes(data))))
    ws.once('close', () => {
      session.lost()
      if (sessions.get(nodeId)?.session === session) {
        sessions.delete(nodeId)
        logger.info({ nodeId }, 'node unlinked')
        changed(session, false)
      }
    })
    const welcome: LinkWelcome = {
      nodeId,
      gatewayRegion: lane.region,
      heartbeatIntervalMs: HEARTBEAT_INTERVAL_MS,
      streamCreditBytes: STREAM_CREDIT_BYTES,
    }
    socket.send(encodeJsonFrame(frameType.welcome, 0, welcome))
    session.ping()
    for (const notice of lane.noticesFor(nodeId)) session.notify(notice)
    logger.info({ nodeId, hardware: hello.inventory.hardware }, 'node linked')
    changed(session, true)
  }

  lane.onConfirm((nodeId, confirm) => sessions.get(nodeId)?.session.confirm(confirm))
  lane.onNotice((nodeId, notice) => {
    const session = sessions.get(nodeId)?.session
    session?.notify(notice)
    return session !== undefined
  })
  httpServer.on('upgrade', onUpgrade)
  const look = watchLinks(sessions, control)
  // After what the sockets hold by then.
  const timer = setInterval(() => afterReading(look), HEARTBEAT_INTERVAL_MS)

  return {
    sessions: {
      all: () => [...sessions.values()].map(({ session }) => session),
      byNode: (nodeId) => sessions.get(nodeId)?.session,
      onChange: (listener) => void listeners.push(listener),
      onReport: (listener) => void reportListeners.push(listener),
    },
    async close() {
      closing = true
      clearInterval(timer)
      httpServer.off('upgrade', onUpgrade)
      const open = [...server.clients].map((ws) => new Promise((resolve) => ws.once('close', resolve)))
      for (const { session, socket } of sessions.values()) {
        session.flush()
        socket.reject('going_away', 'This gateway is stopping.')
      }
      for (const ws of server.clients) linkSocket(ws).close()
      await Promise.all(open)
    },
  }
}

/** Whoever keeps their end open after a refusal keeps nothing of ours open. */
function refuseUpgrade(stream: Duplex, status: string): void {
  stream.once('finish', () => stream.destroy())
  stream.end(`HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`)
}
