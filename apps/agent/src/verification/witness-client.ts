/**
 * Keeps a link to one witness: dials out, proves the node's key, signs nonces as fast as it can and solves challenges.
 *
 * It signs nothing but what names that witness, so a witness gains nothing that it could show elsewhere. Whatever breaks the
 * protocol ends the link; it is dialled again, later each time.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { prng } from '@isochrone/domain'
import {
  addressToBytes32,
  signStruct,
  WITNESS_PATH,
  witnessAsk,
  witnessDomain,
  witnessHello,
  type GeoPlace,
  type Hex,
  type WitnessAnswer,
  type WitnessAsk,
} from '@isochrone/protocol'
import type { Logger } from '@isochrone/runtime'
import { WebSocket } from 'ws'
import { DelayLine } from '../link/delay-line.ts'
import type { NodeKeyPair } from '../node/node-key.ts'
import type { MatmulSolver } from './matmul-solver.ts'
import { simulatedRttMs } from './simulated-rtt.ts'

export type WitnessClientOptions = {
  /** Of the witness, http(s) or ws(s). */
  readonly url: string
  readonly nodeKey: NodeKeyPair
  readonly solver: MatmulSolver
  /** Where the node pretends to stand, on a machine where nothing has distance. */
  readonly simulatedPlace: GeoPlace | null
  readonly logger: Logger
}

const MESSAGE_BYTES_MAX = 4_096
const BACKOFF_MS_MAX = 30_000

export class WitnessClient {
  readonly #options: WitnessClientOptions
  readonly #stop = new AbortController()
  #loop: Promise<void> | undefined

  constructor(options: WitnessClientOptions) {
    this.#options = options
  }

  start(): void {
    this.#loop ??= this.#run()
  }

  async close(): Promise<void> {
    this.#stop.abort()
    await this.#loop
  }

  async #run(): Promise<void> {
    const { signal } = this.#stop
    let failures = 0
    while (!signal.aborted) {
      failures = (await this.#linkOnce(signal)) ? 0 : failures + 1
      const ceilingMs = Math.min(BACKOFF_MS_MAX, 500 * 2 ** Math.min(failures, 10))
      await sleep(250 + Math.random() * ceilingMs, undefined, { signal }).catch(() => {})
    }
  }

  /** Resolves when the link is over, with whether the witness had welcomed the node. Never rejects. */
  #linkOnce(signal: AbortSignal): Promise<boolean> {
    const { logger, url } = this.#options
    const socket = new WebSocket(witnessUrl(url), {
      maxPayload: MESSAGE_BYTES_MAX,
      handshakeTimeout: 5_000,
      perMessageDeflate: false,
    })
    const session = new WitnessSession(this.#options, socket)
    const stop = () => socket.close(1000)
    signal.addEventListener('abort', stop, { once: true })
    return new Promise((resolve) => {
      socket.on('message', (data: Buffer) => session.receive(data))
      socket.on('error', (error) => logger.debug({ err: error, witness: url }, 'witness link error'))
      socket.once('close', () => {
        signal.removeEventListener('abort', stop)
        session.end()
        resolve(session.welcomed)
      })
    })
  }
}

/** One link from hello to end. */
class WitnessSession {
  readonly #options: WitnessClientOptions
  readonly #socket: WebSocket
  #witness: Hex | null = null
  #echoes: DelayLine<string> | null = null
  welcomed = false

  constructor(options: WitnessClientOptions, socket: WebSocket) {
    this.#options = options
    this.#socket = socket
  }

  receive(data: Buffer): void {
    const message = jsonOf(data)
    if (this.#witness === null) return this.#prove(message)
    const ask = witnessAsk.safeParse(message)
    if (!ask.success) return this.#socket.close(1002, 'not a question')
    if (ask.data.type === 'welcome') {
      this.welcomed = true
      this.#options.logger.info({ witness: this.#options.url }, 'linked to a witness')
    } else if (ask.data.type === 'echo') this.#echo(ask.data.nonce as Hex, this.#witness)
    else void this.#solve(ask.data, this.#witness)
  }

  end(): void {
    this.#echoes?.clear()
  }

  #prove(message: unknown): void {
    const { nodeKey, simulatedPlace } = this.#options
    const hello = witnessHello.safeParse(message)
    if (!hello.success) return this.#socket.close(1002, 'not a hello')
    const { nonce, place } = hello.data
    this.#witness = hello.data.witness as Hex
    if (simulatedPlace) {
      const rttMs = simulatedRttMs(simulatedPlace, place)
      const random = prng(Math.round(rttMs * 1000))
      this.#echoes = new DelayLine({ rttMs: rttMs * 2, jitterMs: rttMs / 10, prng: random }, (text) => this.#send(text))
    }
    const value = { nonce: nonce as Hex, nodeKey: nodeKey.address }
    const { signature } = signStruct(witnessDomain(this.#witness), 'WitnessProof', value, nodeKey.privateKey)
    const simulated = simulatedPlace !== null
    this.#send(JSON.stringify({ type: 'proof', nodeKey: nodeKey.address, signature, simulated }))
  }

  #echo(nonce: Hex, witness: Hex): void {
    const { nodeKey } = this.#options
    const value = { nonce, nodeKey: nodeKey.address }
    const { signature } = signStruct(witnessDomain(witness), 'RttEcho', value, nodeKey.privateKey)
    const answer: WitnessAnswer = { type: 'echo', nonce, signature }
    const text = JSON.stringify(answer)
    // The whole round trip at once: a delay line takes half of what it is told for each direction.
    if (this.#echoes) this.#echoes.push(text)
    else this.#send(text)
  }

  async #solve(ask: Extract<WitnessAsk, { type: 'matmul' }>, witness: Hex): Promise<void> {
    const { nodeKey, solver } = this.#options
    const { order, portable = false } = ask
    const nonce = ask.nonce as Hex
    const solved = await solver.solve({ nonce, nodeId: addressToBytes32(nodeKey.address), order }, portable)
    if (!solved) {
      const busy: WitnessAnswer = { type: 'busy', nonce }
      return this.#send(JSON.stringify(busy))
    }
    const { commitment, computed } = solved
    const value = { nonce, nodeKey: nodeKey.address, order, commitment }
    const { signature } = signStruct(witnessDomain(witness), 'MatmulCommitment', value, nodeKey.privateKey)
    const answer: WitnessAnswer = { type: 'commitment', nonce, commitment, signature, computed }
    this.#send(JSON.stringify(answer))
    this.#send(solved.product)
  }

  #send(data: string | Uint8Array): void {
    if (this.#socket.readyState === WebSocket.OPEN) this.#socket.send(data)
  }
}

function witnessUrl(url: string): string {
  const parsed = new URL(WITNESS_PATH, url)
  parsed.protocol = parsed.protocol.replace(/^http/, 'ws')
  return parsed.toString()
}

function jsonOf(data: Buffer): unknown {
  try {
    return JSON.parse(data.toString('utf8'))
  } catch {
    return undefined
  }
}
