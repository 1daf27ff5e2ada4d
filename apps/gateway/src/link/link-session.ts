/**
 * One node's link after its handshake: frames in, streams and measurements out.
 *
 * Whatever breaks the protocol throws `invalid_input` out of `receive`; the caller then closes this link and no other.
 */
import { AppError, SlotMap } from '@isochrone/domain'
import {
  decodeData,
  decodeJsonPayload,
  encodeCredit,
  encodeFrame,
  encodeJsonFrame,
  encodeOpen,
  forEachFrame,
  frameType,
  leaseOrderAnswer,
  LOAD_ANSWER_MS_MIN,
  PING_ASKS_LOAD,
  linkHeartbeat,
  recordAnswer,
  signedWork,
  streamEnd,
  type EpochNotice,
  type Frame,
  type Hex,
  type LeaseOrder,
  type LeaseOrderAnswer,
  type LinkHello,
  type ReceiptConfirm,
  type RecordAnswer,
  type SealingKey,
  type SignedWork,
  type StreamEnd,
  type StreamOpen,
} from '@isochrone/protocol'
import type { z } from 'zod'
import type { AttemptStream, NodeSession } from '../ports.ts'
import { LeaseOrders } from './lease-orders.ts'
import { LinkStream, STREAM_CREDIT_BYTES } from './link-stream.ts'
import type { LinkSocket } from './link-socket.ts'

const STREAMS_MAX = 8_192
/** Bytes that may wait for a slow agent before new streams are turned away. */
const SEND_BUFFER_BYTES_MAX = 32 * 1024 * 1024
/** Confirmations go with what is sent next, or after this long: a message costs more than what is in it. */
const CONFIRM_GATHER_MS = 25
const CONFIRMS_GATHERED_MAX = 64
/** Credits gather for this long unless a stream is about to run dry. */
const CREDIT_GATHER_MS = 20
const RTT_SMOOTHING = 0.2

export interface LinkSessionOptions {
  nodeId: Hex
  hello: LinkHello
  socket: LinkSocket
  nowMs: () => number
  /** A work receipt without a stream; resolves when it was dealt with. */
  present: (session: LinkSession, signed: SignedWork) => void
  /** A heartbeat has come. */
  reported: (session: LinkSession) => void
  /** The node has answered a notice. */
  answered: (answer: RecordAnswer) => void
  /** Throws `invalid_input` on sealing keys that the node did not sign. */
  checkSealingKeys: (keys: readonly SealingKey[]) => void
}

export class LinkSession implements NodeSession {
  readonly nodeId: Hex
  readonly models
  readonly inventory
  readonly concurrencyMax: number
  readonly simulatedRttMs: number | null
  readonly linkedSinceMs: number
  sealingKeys: readonly SealingKey[]
  rttMs: number | null = null
  reported: NodeSession['reported'] = null
  /** When the agent was last heard, on the monotonic clock. */
  heardAtMs = performance.now()
  readonly #options: LinkSessionOptions
  readonly #streams = new SlotMap<number, LinkStream>()
  readonly #creditDue = new SlotMap<number, LinkStream>()
  #creditTimer: NodeJS.Timeout | undefined
  #confirms: Buffer[] = []
  #confirmTimer: NodeJS.Timeout | undefined
  #lastStreamId = 0
  #askedMs = -Infinity
  readonly #orders = new LeaseOrders((order) =>
    this.#options.socket.send(encodeJsonFrame(frameType.leaseOrder, 0, order)),
  )
  #closed = false

  constructor(options: LinkSessionOptions) {
    const { hello } = options
    this.#options = options
    this.nodeId = options.nodeId
    this.models = hello.models as NodeSession['models']
    this.inventory = hello.inventory
    this.concurrencyMax = hello.concurrencyMax
    this.simulatedRttMs = hello.simulatedRttMs
    this.linkedSinceMs = options.nowMs()
    this.sealingKeys = hello.sealingKeys ?? []
  }

  get activeStreams(): number {
    return this.#streams.size
  }

  open(header: StreamOpen, body: Uint8Array): AttemptStream {
    const stream = new LinkStream(++this.#lastStreamId, this.nodeId, {
      creditDue: (due) => this.#scheduleCredit(due),
      sendCancel: ({ id }) => this.#options.socket.send(encodeFrame(frameType.cancel, id)),
      forget: (ended) => {
        this.#streams.delete(ended.id)
        this.#creditDue.delete(ended.id)
      },
    })
    const refusal = this.#refusal()
    if (refusal !== null) {
      stream.end({ status: 'rejected', message: refusal, engineStatus: null, work: null })
      return stream
    }
    this.#streams.set(stream.id, stream)
    this.flush()
    this.#options.socket.send(encodeOpen(stream.id, header, body))
    return stream
  }

  order(leaseId: Hex, order: LeaseOrder['order']): Promise<LeaseOrderAnswer> {
    return this.#orders.order(leaseId, order)
  }

  #refusal(): string | null {
    if (this.#closed) return 'The link to the node is gone.'
    if (this.#streams.size >= STREAMS_MAX) return 'Too many streams on one link.'
    if (this.#options.socket.bufferedBytes > SEND_BUFFER_BYTES_MAX) return 'The node does not read its link.'
    return null
  }

  /** Takes one message. Throws `invalid_input` on whatever an agent may not send. */
  receive(message: Uint8Array): void {
    this.heardAtMs = performance.now()
    forEachFrame(message, (frame) => this.#handle(frame))
  }

  #handle(frame: Frame): void {
    switch (frame.type) {
      case frameType.data:
        this.#streamOf(frame)?.push(decodeData(frame))
        return
      case frameType.end:
        return this.#end(frame)
      case frameType.heartbeat:
        return this.#heartbeat(frame)
      case frameType.represent:
        return this.#options.present(this, parse(signedWork, frame))
      case frameType.recordAnswer:
        return this.#options.answered(parse(recordAnswer, frame))
      case frameType.leaseAnswer:
        return this.#orders.answered(parse(leaseOrderAnswer, frame))
      case frameType.ping:
        return this.#options.socket.send(encodeFrame(frameType.pong, 0, frame.payload))
      case frameType.pong:
        return this.#pong(frame)
      case frameType.reject:
        return this.#options.socket.close()
      default:
        throw new AppError('invalid_input', { publicMessage: `Agent link: frame ${frame.type} is not the agent's.` })
    }
  }

  confirm(confirm: ReceiptConfirm): void {
    this.#confirms.push(encodeJsonFrame(frameType.confirm, 0, confirm))
    if (this.#confirms.length >= CONFIRMS_GATHERED_MAX) this.flush()
    else this.#confirmTimer ??= setTimeout(() => this.flush(), CONFIRM_GATHER_MS)
  }

  /** Sends the confirmations that still gather. */
  flush(): void {
    clearTimeout(this.#confirmTimer)
    this.#confirmTimer = undefined
    for (const frame of this.#confirms.splice(0)) this.#options.socket.send(frame)
  }

  notify(notice: EpochNotice): void {
    this.#options.socket.send(encodeJsonFrame(frameType.epochNotice, 0, notice))
  }

  ping(): void {
    const payload = Buffer.allocUnsafe(8)
    payload.writeDoubleBE(performance.now())
    this.#options.socket.send(encodeFrame(frameType.ping, 0, payload))
  }

  /** Asks how the node is now, between its heartbeats; `reported` follows a round trip later. Bounded in rate. */
  askLoad(): void {
    const nowMs = performance.now()
    if (this.#closed || nowMs - this.#askedMs < LOAD_ANSWER_MS_MIN) return
    this.#askedMs = nowMs
    const payload = Buffer.allocUnsafe(9)
    payload.writeDoubleBE(nowMs)
    payload[8] = PING_ASKS_LOAD
    this.#options.socket.send(encodeFrame(frameType.ping, 0, payload))
  }

  /** Ends every stream as `link_lost`: chunks that did arrive are still handed on. */
  lost(): void {
    this.#closed = true
    clearTimeout(this.#creditTimer)
    // What was not said is asked for again on the next link.
    clearTimeout(this.#confirmTimer)
    this.#orders.lost()
    for (const stream of this.#streams.values()) stream.finish({ kind: 'link_lost' })
  }

  /** Undefined for a stream that is over; an id that was never opened breaks the protocol. */
  #streamOf({ streamId }: Frame): LinkStream | undefined {
    if (streamId === 0 || streamId > this.#lastStreamId) {
      throw new AppError('invalid_input', { publicMessage: 'Agent link: a stream that was never opened.' })
    }
    return this.#streams.get(streamId)
  }

  #end(frame: Frame): void {
    const stream = this.#streamOf(frame)
    const json = decodeJsonPayload(frame)
    const end = isStreamEnd(json) ? json : parse(streamEnd, frame)
    if (stream) stream.end(end)
    // It came after we had given the stream up: its receipt still wants an answer.
    else if (end.work) this.#options.present(this, end.work)
  }

  #heartbeat(frame: Frame): void {
    const { sentAtMs: _sentAtMs, kvUsage: _kvUsage, sealingKeys, ...said } = parse(linkHeartbeat, frame)
    if (sealingKeys) {
      this.#options.checkSealingKeys(sealingKeys)
      this.sealingKeys = sealingKeys
    }
    this.reported = { ...said, ownAtHeartbeat: this.#streams.size, atMs: this.#options.nowMs() }
    this.#options.reported(this)
  }

  #pong({ payload }: Frame): void {
    if (payload.length !== 8 && payload.length !== 9)
      throw new AppError('invalid_input', { publicMessage: 'Agent link: PONG of a wrong length.' })
    const sentAtMs = Buffer.from(payload.buffer, payload.byteOffset, 8).readDoubleBE()
    const sampleMs = performance.now() - sentAtMs
    // An agent that makes up a pong measures nothing.
    if (!(sampleMs >= 0 && sampleMs < 60_000)) return
    this.rttMs = this.rttMs === null ? sampleMs : this.rttMs + RTT_SMOOTHING * (sampleMs - this.rttMs)
  }

  #scheduleCredit(stream: LinkStream): void {
    if (stream.creditWaiting >= STREAM_CREDIT_BYTES / 2) {
      this.#creditDue.delete(stream.id)
      this.#sendCredit(stream)
      return
    }
    this.#creditDue.set(stream.id, stream)
    this.#creditTimer ??= setTimeout(() => {
      this.#creditTimer = undefined
      for (const due of this.#creditDue.values()) this.#sendCredit(due)
      this.#creditDue.clear()
    }, CREDIT_GATHER_MS)
  }

  #sendCredit(stream: LinkStream): void {
    const credit = stream.takeCredit()
    if (credit) this.#options.socket.send(encodeCredit(stream.id, credit.bytes, credit.tokensAcknowledged))
  }
}

/** The schema's own answer for what every node sends, without its price: one for each request. `work` is decoded later. */
function isStreamEnd(json: unknown): json is StreamEnd {
  if (typeof json !== 'object' || json === null) return false
  const { status, message, engineStatus, work } = json as Record<string, unknown>
  if (status !== 'completed' || message !== null || engineStatus !== null) return false
  if (typeof work !== 'object' || work === null) return false
  const { work: struct, signature } = work as Record<string, unknown>
  if (typeof signature !== 'string' || !SIGNATURE.test(signature)) return false
  if (typeof struct !== 'object' || struct === null || Array.isArray(struct)) return false
  for (const value of Object.values(struct)) if (typeof value !== 'string' && typeof value !== 'number') return false
  return true
}

const SIGNATURE = /^0x[0-9a-f]{130}$/

function parse<T>(schema: z.ZodType<T>, frame: Frame): T {
  const parsed = schema.safeParse(decodeJsonPayload(frame))
  if (parsed.success) return parsed.data
  const issue = parsed.error.issues[0]
  throw new AppError('invalid_input', {
    publicMessage: `Agent link: ${issue?.path.join('.') ?? ''}: ${issue?.message ?? 'not as agreed'}`,
  })
}
