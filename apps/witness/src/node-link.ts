/**
 * One agent's WebSocket: handshake, then one question at a time. Whatever is out of turn ends the link.
 *
 * The handshake proves that the other side holds the node's key now: the nonce is ours, and the signature names us.
 */
import {
  addressToBytes32,
  productFromBytes,
  randomBytes32,
  recoverStructSigner,
  witnessAnswer,
  witnessDomain,
  witnessProof,
  type Hex,
  type MatmulComputed,
  type WitnessAnswer,
  type WitnessAsk,
  type WitnessFacts,
  type WitnessHello,
} from '@isochrone/protocol'
import type { RawData, WebSocket } from 'ws'

export type LinkEvents = { proved(nodeId: Hex): void; ended(nodeId: Hex | null): void }

export type Committed = {
  readonly commitment: Hex
  readonly signature: Hex
  readonly elapsedUs: number
  readonly computed?: MatmulComputed | undefined
  /** Null when what followed is no product of that order. */
  readonly product: Int32Array | null
}

type Waiting = {
  readonly nonce: Hex
  take(message: WitnessAnswer | Buffer, atMs: number): void
  fail(): void
}

const HANDSHAKE_MS_MAX = 10_000
const PING_MS = 20_000

export class NodeLink {
  readonly #socket: WebSocket
  readonly #facts: WitnessFacts
  readonly #events: LinkEvents
  #nodeKey: Hex | null = null
  #simulated = false
  #waiting: Waiting | null = null
  #turn: Promise<unknown> = Promise.resolve()

  constructor(socket: WebSocket, facts: WitnessFacts, events: LinkEvents) {
    this.#socket = socket
    this.#facts = facts
    this.#events = events
    const nonce = randomBytes32()
    const handshake = setTimeout(() => socket.terminate(), HANDSHAKE_MS_MAX)
    let heard = true
    const ping = setInterval(() => {
      if (!heard) socket.terminate()
      heard = false
      socket.ping()
    }, PING_MS)
    socket.on('pong', () => (heard = true))
    socket.on('error', () => socket.terminate())
    socket.once('close', () => {
      clearTimeout(handshake)
      clearInterval(ping)
      this.#waiting?.fail()
      events.ended(this.#nodeKey && this.nodeId)
    })
    socket.on('message', (data, isBinary) => {
      const atMs = performance.now()
      heard = true
      if (this.#nodeKey === null) {
        if (this.#prove(data, nonce)) clearTimeout(handshake)
        else this.close('The proof is not by this node key for this witness.')
        return
      }
      this.#answer(data, isBinary, atMs)
    })
    const hello: WitnessHello = { type: 'hello', ...facts, nonce }
    socket.send(JSON.stringify(hello))
  }

  /** Only after the handshake. */
  get nodeId(): Hex {
    return addressToBytes32(this.nodeKey)
  }

  get nodeKey(): Hex {
    return this.#nodeKey ?? '0x'
  }

  get simulated(): boolean {
    return this.#simulated
  }

  close(reason: string): void {
    this.#socket.close(1008, reason.slice(0, 100))
  }

  /** Waits for its turn; `work` has the link for itself. */
  alone<T>(work: () => Promise<T>): Promise<T> {
    const turn = this.#turn.then(work, work)
    this.#turn = turn.catch(() => {})
    return turn
  }

  /** One nonce there and, signed, back; null when it did not come in time. */
  echo(limitMs: number): Promise<{ nonce: Hex; signature: Hex; rttUs: number } | null> {
    return this.#ask({ type: 'echo', nonce: randomBytes32() }, limitMs, (sentMs, nonce, settle) => ({
      nonce,
      take(message, atMs) {
        if (Buffer.isBuffer(message) || message.type !== 'echo') return settle(null)
        settle({ nonce, signature: message.signature as Hex, rttUs: Math.max(0, Math.round((atMs - sentMs) * 1000)) })
      },
      fail: () => settle(null),
    }))
  }

  /** A commitment, then the product; null when they did not come in time. */
  matmul(challenge: { nonce: Hex; order: number; portable?: true }, limitMs: number): Promise<Committed | null> {
    return this.#ask({ type: 'matmul', ...challenge }, limitMs, (sentMs, nonce, settle) => {
      let committed: Omit<Committed, 'product'> | null = null
      return {
        nonce,
        take(message, atMs) {
          if (Buffer.isBuffer(message)) {
            return settle(committed && { ...committed, product: productFromBytes(message, challenge.order) })
          }
          if (message.type !== 'commitment' || committed) return settle(null)
          const { commitment, signature, computed } = message
          const elapsedUs = Math.round((atMs - sentMs) * 1000)
          committed = { commitment: commitment as Hex, signature: signature as Hex, elapsedUs, computed }
        },
        fail: () => settle(null),
      }
    })
  }

  #ask<T>(
    ask: Extract<WitnessAsk, { nonce: string }>,
    limitMs: number,
    waitingFor: (sentMs: number, nonce: Hex, settle: (value: T | null) => void) => Waiting,
  ): Promise<T | null> {
    return new Promise((resolve) => {
      const settle = (value: T | null) => {
        clearTimeout(limit)
        this.#waiting = null
        resolve(value)
      }
      const limit = setTimeout(() => settle(null), limitMs)
      const text = JSON.stringify(ask)
      this.#waiting = waitingFor(performance.now(), ask.nonce as Hex, settle)
      if (this.#socket.readyState === this.#socket.OPEN) this.#socket.send(text)
      else settle(null)
    })
  }

  #prove(data: RawData, nonce: Hex): boolean {
    const parsed = witnessProof.safeParse(jsonOf(data))
    if (!parsed.success) return false
    const { nodeKey, signature, simulated } = parsed.data
    const value = { nonce, nodeKey: nodeKey as Hex }
    const domain = witnessDomain(this.#facts.witness as Hex)
    if (recoverStructSigner(domain, 'WitnessProof', { value, signature: signature as Hex }) !== nodeKey) return false
    this.#nodeKey = nodeKey
    this.#simulated = simulated
    const welcome: WitnessAsk = { type: 'welcome' }
    this.#socket.send(JSON.stringify(welcome))
    this.#events.proved(this.nodeId)
    return true
  }

  /** Late answers to what nobody waits for any more are dropped. */
  #answer(data: RawData, isBinary: boolean, atMs: number): void {
    if (isBinary) {
      this.#waiting?.take(bufferOf(data), atMs)
      return
    }
    const parsed = witnessAnswer.safeParse(jsonOf(data))
    if (!parsed.success) return this.close('Not an answer that a witness knows.')
    if (parsed.data.nonce === this.#waiting?.nonce) this.#waiting.take(parsed.data, atMs)
  }
}

function bufferOf(data: RawData): Buffer {
  if (Array.isArray(data)) return Buffer.concat(data)
  return Buffer.isBuffer(data) ? data : Buffer.from(data)
}

function jsonOf(data: RawData): unknown {
  try {
    return JSON.parse(bufferOf(data).toString('utf8'))
  } catch {
    return undefined
  }
}
