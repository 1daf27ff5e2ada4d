/**
 * Where agents dial in: `/v1/agent/link` on the gateway's own HTTP server.
 *
 * One link a node: a newer one of the same key takes over. A link that is silent, breaks the protocol or belongs to a
 * node that was switched off is closed; no other link notices.
 */
import type { IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import { systemClock, toAppError } from '@isochrone/domain'
import {
  encodeJsonFrame,
  AGENT_FRAME_BYTES_MAX,
  bytes32ToAddress,
  frameType,
  HEARTBEAT_INTERVAL_MS,
  LINK_PROTOCOL_VERSION,
  LINK_SILENCE_MS_MAX,
  randomBytes32,
  type LinkChallenge,
  type LinkWelcome,
  type SignedWork,
} from '@isochrone/protocol'
import { afterReading } from '@isochrone/runtime'
import { WebSocketServer, type RawData, type WebSocket } from 'ws'
import { checkHello } from './check-hello.ts'
import { sealingKeyCheck } from './check-sealing-keys.ts'
import type { LinkServer, LinkServerOptions } from './link-server-types.ts'
import { LinkSession } from './link-session.ts'
import { STREAM_CREDIT_BYTES } from './link-stream.ts'
import { linkSocket, type LinkSocket } from './link-socket.ts'

const PATH = '/v1/agent/link'
const HANDSHAKE_MS_MAX = 5_000
const HANDSHAKES_MAX = 256
/** What counts of the time between two looks at the links: a process that was held up has not listened, and what a node said then comes later. */
const LISTENED_MS_MAX = 1.5 * HEARTBEAT_INTERVAL_MS
/** What a node is answering when it is switched off has so long to end. */
const FINISH_MS_MAX = 60_000
/** Receipts of one node that may be on their way into the journal before its link is paused. */
const PRESENTED_MAX = 256

interface Link {
  session: LinkSession
  socket: LinkSocket
  /** For how long nothing was heard of it, of the time that this process has listened, ms. */
  silentMs: number
  /** Since when its node is switched off; null while it is not. */
  offSinceMs: number | null
}

export function createLinkServer(options: LinkServerOptions): LinkServer {
  const { httpServer, lane, contracts, control, logger, clock = systemClock } = options
  const server = new WebSocketServer({ noServer: true, maxPayload: AGENT_FRAME_BYTES_MAX, perMessageDeflate: false })
  const sessions = new Map<string, Link>()
  const listeners: ((session: LinkSession, linked: boolean) => void)[] = []
  const reportListeners: ((session: LinkSession) => void)[] = []
  const domain = { chainId: contracts.chainId, verifyingContract: contracts.paymentChannels }
  let handshakes = 0
  let closing = false
  const changed = (session: LinkSession, linked: boolean) => {
    for (const listener of listeners) listener(session, linked)
  }
  const reported = (session: LinkSession) => {
    for (const listener of reportListeners) listener(session)
  }

  function onUpgrade(request: IncomingMessage, stream: Duplex, head: Buffer): void {
    stream.on('error', () => stream.destroy())
    if (request.url?.split('?', 1)[0] !== PATH) return refuseUpgrade(stream, '404 Not Found')
    if (closing || handshakes >= HANDSHAKES_MAX) return refuseUpgrade(stream, '503 Service Unavailable')
    server.handleUpgrade(request, stream, head, greet)
  }

  function greet(ws: WebSocket): void {
    const socket = linkSocket(ws)
    const challenge: LinkChallenge = {
      protocol: LINK_PROTOCOL_VERSION,
      nonce: randomBytes32(),
      lane: lane.id,
      chainId: contracts.chainId,
      verifyingContract: contracts.paymentChannels,
    }
    handshakes++
    let isGreeting = true
    const onTimeout = () => {
      if (isGreeting) socket.reject('handshake_timeout', 'HELLO did not come in time.')
    }
    const timer = setTimeout(() => afterReading(onTimeout), HANDSHAKE_MS_MAX)
    const greeted = () => {
      if (!isGreeting) return
      isGreeting = false
      handshakes--
      clearTimeout(timer)
    }
    ws.on('error', (error) => logger.debug({ err: error }, 'agent link error'))
    ws.once('close', greeted)
    ws.once('message', (data) => {
      greeted()
      guard(socket, 'a node that said no hello', () => {
        const result = checkHello(bytesOf(data), challenge, control)
        if ('code' in result) socket.reject(result.code, result.message)
        else admit(ws, socket, result)
      })
    })
    socket.send(encodeJsonFrame(frameType.challenge, 0, challenge))
  }

  function admit(
    ws: WebSocket,
    socket: LinkSocket,
    { nodeId, hello }: Pick<LinkSession, 'nodeId'> & { hello: Hello },
  ): void {
    let presented = 0
    const present = (session: LinkSession, signed: SignedWork): void => {
      if (++presented === PRESENTED_MAX) socket.pause()
      lane
        .presentWork(nodeId, signed)
        .then((confirm) => confirm && session.confirm(confirm))
        .catch((error: unknown) => violation(socket, nodeId, error))
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
    ws.on('message', (data) => guard(socket, nodeId, () => session.receive(bytesOf(data))))
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

  /** Nothing new is placed on a node that is off; whoever waits for its answer has it. */
  const isOver = ({ activeStreams }: LinkSession, offMs: number) => activeStreams === 0 || offMs >= FINISH_MS_MAX

  function guard(socket: LinkSocket, nodeId: string, action: () => void): void {
    try {
      action()
    } catch (error) {
      violation(socket, nodeId, error)
    }
  }

  function violation(socket: LinkSocket, nodeId: string, error: unknown): void {
    const { code, publicMessage } = toAppError(error)
    if (code !== 'invalid_input') logger.error({ err: error, nodeId }, 'agent link failed on our side')
    else logger.warn({ nodeId, reason: publicMessage }, 'agent link broke the protocol')
    socket.reject(code === 'invalid_input' ? 'protocol_violation' : 'internal', publicMessage)
  }

  let lastTickMs = performance.now()

  function tick(): void {
    const nowMs = performance.now()
    const listenedMs = Math.min(nowMs - lastTickMs, LISTENED_MS_MAX)
    for (const link of sessions.values()) {
      const { session, socket } = link
      const isOff = control.ready && control.node(session.nodeId)?.active !== true
      link.offSinceMs = isOff ? (link.offSinceMs ?? nowMs) : null
      link.silentMs = session.heardAtMs >= lastTickMs ? 0 : link.silentMs + listenedMs
      if (link.silentMs > LINK_SILENCE_MS_MAX) {
        socket.reject('silent', `Nothing was heard for ${LINK_SILENCE_MS_MAX} ms.`)
        session.lost()
      } else if (link.offSinceMs !== null && isOver(session, nowMs - link.offSinceMs)) {
        socket.reject('inactive_node', 'The node was switched off.')
      } else session.ping()
    }
    lastTickMs = nowMs
  }

  lane.onConfirm((nodeId, confirm) => sessions.get(nodeId)?.session.confirm(confirm))
  lane.onNotice((nodeId, notice) => {
    const session = sessions.get(nodeId)?.session
    session?.notify(notice)
    return session !== undefined
  })
  httpServer.on('upgrade', onUpgrade)
  // After what the sockets hold by then.
  const timer = setInterval(() => afterReading(tick), HEARTBEAT_INTERVAL_MS)

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

type Hello = ConstructorParameters<typeof LinkSession>[0]['hello']

/** Messages arrive whole: `nodebuffer` is the default binary type. */
function bytesOf(data: RawData): Uint8Array {
  if (Array.isArray(data)) return Buffer.concat(data)
  return data instanceof ArrayBuffer ? new Uint8Array(data) : data
}

/** Whoever keeps their end open after a refusal keeps nothing of ours open. */
function refuseUpgrade(stream: Duplex, status: string): void {
  stream.once('finish', () => stream.destroy())
  stream.end(`HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`)
}
