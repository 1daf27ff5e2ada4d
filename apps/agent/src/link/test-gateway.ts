/**
 * Test support: a WebSocket server that speaks the gateway's side of the link, frame by frame, with nothing behind it.
 *
 * It grants credits only when told to, so that tests can starve a stream, and it can drop links as a dying gateway does.
 */
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import {
  addressOfKey,
  addressToBytes32,
  creditOfChunk,
  decodeData,
  decodeJsonPayload,
  decodeStruct,
  encodeCredit,
  encodeFrame,
  encodeJsonFrame,
  encodeOpen,
  encodeStruct,
  forEachFrame,
  frameType,
  LINK_PROTOCOL_VERSION,
  linkHeartbeat,
  linkHello,
  outputChain,
  randomBytes32,
  recoverStructSigner,
  signedWork,
  signStruct,
  streamEnd,
  structHash,
  ZERO_BYTES32,
  type Frame,
  type Hex,
  type DeliveryReceipt,
  type LinkHeartbeat,
  type SigningDomain,
  type LinkHello,
  type LinkWelcome,
  type SignedWork,
  type StreamEnd,
  type StreamOpen,
  type WorkReceipt,
} from '@isochrone/protocol'
import { WebSocketServer, type WebSocket } from 'ws'

export type TestChunk = {
  readonly tokensOut: number
  readonly json: Record<string, unknown>
  readonly head: Hex
  /** What it took of the stream's credit, bytes. */
  readonly creditTaken: number
}

/** Credit of a stream before the first CREDIT, bytes: more than any test's answer, token by token. */
const AMPLE_CREDIT_BYTES = 256 * 1024

/** Less than an answer of a thousand tokens takes, however fast its engine is: the faster, the more tokens go in one frame. */
export const SMALL_CREDIT_BYTES = 4 * 1024

export type TestStream = {
  readonly id: number
  readonly open: StreamOpen
  readonly chunks: readonly TestChunk[]
  text(): string
  /** What its chunks took of its credit, bytes; `without` the last ones. */
  creditTaken(without?: number): number
  credit(bytes: number, tokensAcknowledged: number): void
  cancel(): void
  readonly end: Promise<StreamEnd>
}

type Connection = {
  readonly socket: WebSocket
  readonly hello: LinkHello
  readonly streams: Map<number, (frame: Frame) => void>
}

export class TestGateway {
  readonly domain: SigningDomain = { chainId: 31_337, verifyingContract: `0x${'c0'.repeat(20)}` }
  readonly key = randomBytes32()
  readonly lane = addressToBytes32(addressOfKey(this.key))
  readonly heartbeats: LinkHeartbeat[] = []
  readonly represented: SignedWork[] = []
  readonly rejects: unknown[] = []
  /** As the CHALLENGE says it. */
  protocol = LINK_PROTOCOL_VERSION
  /** As WELCOME says it. */
  heartbeatIntervalMs = 100
  streamCreditBytes = AMPLE_CREDIT_BYTES
  /** Default: as gateways of now read them. */
  readHeartbeat = (json: unknown): LinkHeartbeat => linkHeartbeat.parse(json)
  readEnd = (json: unknown): StreamEnd => streamEnd.parse(json)
  connections = 0
  welcomes = 0
  pongs = 0
  current: Connection | undefined
  port = 0
  #server: WebSocketServer | undefined
  #nextStream = 1

  get url(): string {
    return `http://127.0.0.1:${this.port}`
  }

  async start(): Promise<void> {
    const server = new WebSocketServer({ host: '127.0.0.1', port: this.port, path: '/v1/agent/link' })
    await once(server, 'listening')
    this.port = (server.address() as AddressInfo).port
    this.#server = server
    server.on('connection', (socket) => this.#accept(socket))
  }

  /** Drops every link without a word, as a killed process does, and stops listening. */
  async kill(): Promise<void> {
    const server = this.#server
    if (!server) return
    this.#server = undefined
    this.current = undefined
    for (const socket of server.clients) socket.terminate()
    await new Promise((resolve) => server.close(resolve))
  }

  raw(frame: Uint8Array): void {
    this.#socket().send(frame)
  }

  open(change: Partial<StreamOpen>, body: unknown): TestStream {
    const connection = this.current
    if (!connection) throw new Error('no link')
    const [model] = connection.hello.models
    const id = this.#nextStream++
    const open: StreamOpen = {
      requestId: randomBytes32(),
      attempt: 0,
      channelId: randomBytes32(),
      termsHash: randomBytes32(),
      model: model?.model ?? '',
      modelHash: model?.modelHash ?? '',
      salt: randomBytes32(),
      path: '/v1/chat/completions',
      timeoutMs: 60_000,
      tokensOutMax: 1000,
      ...change,
    }
    const chain = outputChain(open.salt as Hex)
    const chunks: TestChunk[] = []
    const end = new Promise<StreamEnd>((resolve) => {
      connection.streams.set(id, (frame) => {
        if (frame.type === frameType.end) return resolve(this.readEnd(decodeJsonPayload(frame)))
        const { tokensOut, chunk } = decodeData(frame)
        chain.add(chunk)
        chunks.push({
          tokensOut,
          json: JSON.parse(Buffer.from(chunk).toString()) as Record<string, unknown>,
          head: chain.head(),
          creditTaken: creditOfChunk(chunk),
        })
      })
    })
    connection.socket.send(encodeOpen(id, open, Buffer.from(typeof body === 'string' ? body : JSON.stringify(body))))
    return {
      id,
      open,
      chunks,
      text: () => chunks.map(({ json }) => textOf(json)).join(''),
      creditTaken: (without = 0) =>
        chunks.slice(0, chunks.length - without).reduce((sum, { creditTaken }) => sum + creditTaken, 0),
      credit: (bytes, tokens) => connection.socket.send(encodeCredit(id, bytes, tokens)),
      cancel: () => connection.socket.send(encodeFrame(frameType.cancel, id)),
      end,
    }
  }

  /** Decodes a work receipt and checks that the linked node signed it. */
  checkedWork(signed: SignedWork | null): WorkReceipt {
    const { work, signature } = signedWork.parse(signed)
    const value = decodeStruct('WorkReceipt', work)
    const signer = recoverStructSigner(this.domain, 'WorkReceipt', { value, signature: signature as Hex })
    if (signer === null || addressToBytes32(signer) !== value.nodeId) throw new Error('not signed by its node')
    return value
  }

  /** Confirms a receipt with a signed delivery receipt, or with one that somebody else signed. */
  confirm(work: WorkReceipt, key: Hex = this.key): void {
    const delivery: DeliveryReceipt = {
      workHash: structHash('WorkReceipt', work),
      channelId: work.channelId,
      requestId: work.requestId,
      attempt: work.attempt,
      nodeId: work.nodeId,
      lane: this.lane,
      seq: work.seq,
      termsHash: work.termsHash,
      billedIn: work.tokensIn,
      billedCached: work.tokensCached,
      billedOut: work.tokensOut,
      bytesIn: 0,
      bytesOut: 0,
      price: 1n,
      attemptTtftMs: 1,
      durationMs: 1,
      startedAtMs: 1,
      httpStatus: 200,
      fault: 0,
      region: `0x${'00'.repeat(8)}`,
    }
    const { signature } = signStruct(this.domain, 'DeliveryReceipt', delivery, key)
    const message = {
      workHash: delivery.workHash,
      delivery: encodeStruct('DeliveryReceipt', delivery),
      signature,
      reason: null,
    }
    this.raw(encodeJsonFrame(frameType.confirm, 0, message))
  }

  #accept(socket: WebSocket): void {
    this.connections += 1
    const nonce = randomBytes32()
    const streams: Connection['streams'] = new Map()
    const take = (frame: Frame): void => {
      switch (frame.type) {
        case frameType.hello: {
          const hello = linkHello.parse(decodeJsonPayload(frame))
          const value = { nonce, lane: this.lane, nodeKey: hello.nodeKey as Hex }
          const signer = recoverStructSigner(this.domain, 'LinkProof', { value, signature: hello.proof as Hex })
          if (signer !== hello.nodeKey) return socket.close(1008)
          const welcome: LinkWelcome = {
            nodeId: addressToBytes32(hello.nodeKey),
            gatewayRegion: 'test',
            heartbeatIntervalMs: this.heartbeatIntervalMs,
            streamCreditBytes: this.streamCreditBytes,
          }
          this.current = { socket, hello, streams }
          this.welcomes += 1
          return socket.send(encodeJsonFrame(frameType.welcome, 0, welcome))
        }
        case frameType.heartbeat:
          return void this.heartbeats.push(this.readHeartbeat(decodeJsonPayload(frame)))
        case frameType.ping:
          return socket.send(encodeFrame(frameType.pong, 0, frame.payload))
        case frameType.pong:
          return void this.pongs++
        case frameType.represent:
          return void this.represented.push(signedWork.parse(decodeJsonPayload(frame)))
        case frameType.reject:
          return void this.rejects.push(decodeJsonPayload(frame))
        default:
          return streams.get(frame.streamId)?.(frame)
      }
    }
    socket.on('message', (message: Buffer) => forEachFrame(message, take))
    const challenge = { protocol: this.protocol, nonce, lane: this.lane, ...this.domain }
    socket.send(encodeJsonFrame(frameType.challenge, 0, challenge))
  }

  #socket(): WebSocket {
    if (!this.current) throw new Error('no link')
    return this.current.socket
  }
}

export const unknownHash = ZERO_BYTES32

function textOf(chunk: Record<string, unknown>): string {
  const [choice] = (chunk.choices ?? []) as { delta?: { content?: string }; text?: string }[]
  return choice?.delta?.content ?? choice?.text ?? ''
}
