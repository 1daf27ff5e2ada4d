/**
 * A witness: agents dial its WebSocket and prove their keys; whoever has its token asks it to measure them over HTTP.
 *
 * It keeps nothing, signs what it measured, and trusts nobody: links, messages, waiting and challenges are bounded.
 */
import { createHash, timingSafeEqual } from 'node:crypto'
import { createServer, type IncomingMessage } from 'node:http'
import {
  addressOfKey,
  WITNESS_MESSAGE_BYTES_MAX,
  WITNESS_PATH,
  type GeoPlace,
  type Hex,
  type WitnessFacts,
} from '@isochrone/protocol'
import { listen, type Logger } from '@isochrone/runtime'
import { WebSocketServer } from 'ws'
import { answerRequest } from './answer-request.ts'
import { NodeLink } from './node-link.ts'

export type WitnessOptions = {
  readonly host: string
  /** 0 picks a free one. */
  readonly port: number
  /** Signs reports; its address names the witness. */
  readonly key: Hex
  /** Who may ask. */
  readonly token: string
  readonly name: string
  readonly place: GeoPlace
  /** The place is made up: a network that is simulated on one machine. */
  readonly simulated?: boolean
  readonly logger: Logger
}

export type RunningWitness = { readonly url: string; readonly address: Hex; close(): Promise<void> }

const LINKS_MAX = 10_000

export async function startWitness(options: WitnessOptions): Promise<RunningWitness> {
  const { host, port, key, token, name, place, simulated, logger } = options
  const address = addressOfKey(key)
  const facts: WitnessFacts = { witness: address, name, place, ...(simulated && { simulated }) }
  const links = new Map<string, NodeLink>()
  const sockets = new WebSocketServer({
    noServer: true,
    maxPayload: WITNESS_MESSAGE_BYTES_MAX,
    perMessageDeflate: false,
  })
  const asked = { facts, key, links }
  const server = createServer((request, response) => {
    answerRequest(asked, request, isAsker(request, token))
      .then(({ status, body, headers }) => {
        const type = body === undefined ? {} : { 'content-type': 'application/json' }
        response.writeHead(status, { ...type, 'cache-control': 'no-store', ...headers })
        response.end(body === undefined ? undefined : JSON.stringify(body))
      })
      .catch((error: unknown) => {
        logger.error({ err: error }, 'a request failed')
        response.destroy()
      })
  })
  server.on('upgrade', (request, socket, head) => {
    if (request.url !== WITNESS_PATH || sockets.clients.size >= LINKS_MAX) {
      socket.end('HTTP/1.1 503 Service Unavailable\r\n\r\n')
      return
    }
    sockets.handleUpgrade(request, socket, head, (ws) => {
      const link = new NodeLink(ws, facts, {
        proved(nodeId) {
          links.get(nodeId)?.close('A newer link of this node key took over.')
          links.set(nodeId, link)
          logger.info({ nodeId, simulated: link.simulated }, 'node linked')
        },
        ended(nodeId) {
          if (nodeId !== null && links.get(nodeId) === link) links.delete(nodeId)
        },
      })
    })
  })
  const { url } = await listen(server, { host, port })
  logger.info({ url, ...facts }, 'witnessing')
  return {
    url,
    address,
    async close() {
      for (const client of sockets.clients) client.terminate()
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

/** Compared by digest, so that the time tells nothing about the token. */
function isAsker(request: IncomingMessage, token: string): boolean {
  const given = request.headers.authorization?.replace(/^Bearer /, '') ?? ''
  const digest = (text: string) => createHash('sha256').update(text).digest()
  return timingSafeEqual(digest(given), digest(token))
}
