/** The first words of a link: the gateway's challenge, and within five seconds the HELLO that answers it. */
import {
  encodeJsonFrame,
  frameType,
  LINK_PROTOCOL_VERSION,
  randomBytes32,
  type Hex,
  type LinkChallenge,
  type LinkHello,
} from '@isochrone/protocol'
import { afterReading } from '@isochrone/runtime'
import type { WebSocket } from 'ws'
import { checkHello } from './check-hello.ts'
import type { LinkGuard } from './guard-link.ts'
import type { LinkServerOptions } from './link-server-types.ts'
import { linkSocket, type LinkSocket } from './link-socket.ts'
import { messageBytes } from './message-bytes.ts'

const HANDSHAKE_MS_MAX = 5_000
const HANDSHAKES_MAX = 256

export interface Greeting {
  /** So many strangers are being greeted that the next one must come back. */
  readonly isFull: boolean
  greet: (ws: WebSocket) => void
}

export interface GreetingOptions extends Pick<LinkServerOptions, 'lane' | 'contracts' | 'control' | 'logger'> {
  guard: LinkGuard
  /** Of a node whose HELLO is as it must be. */
  admit: (ws: WebSocket, socket: LinkSocket, node: { nodeId: Hex; hello: LinkHello }) => void
}

export function greetAgents({ lane, contracts, control, logger, guard, admit }: GreetingOptions): Greeting {
  let handshakes = 0
  return {
    get isFull() {
      return handshakes >= HANDSHAKES_MAX
    },
    greet(ws) {
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
        guard.run(socket, 'a node that said no hello', () => {
          const result = checkHello(messageBytes(data), challenge, control)
          if ('code' in result) socket.reject(result.code, result.message)
          else admit(ws, socket, result)
        })
      })
      socket.send(encodeJsonFrame(frameType.challenge, 0, challenge))
    },
  }
}
