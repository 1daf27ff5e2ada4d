/**
 * One attempt on an agent link, as the request flow sees it.
 *
 * Holds at most the bytes that its credit allowed, and one chunk. Credit comes back when the consumer acknowledges, so a slow customer
 * slows the engine instead of filling memory. A chunk that is too large ends this stream and no other: it may be one customer's
 * doing. `ended` settles exactly once, whatever order things happen in.
 */
import { AppError } from '@isochrone/domain'
import { CHUNK_BYTES_MAX, creditOfChunk, type Hex, type StreamEnd } from '@isochrone/protocol'
import { afterReading } from '@isochrone/runtime'
import type { AttemptEnd, AttemptStream, StreamChunk } from '../ports.ts'

/** How long a cancelled engine may take to answer with END and its work receipt. */
const CANCEL_MS_MAX = 2_000
/** What a stream may hold for a customer who does not read, bytes: some hundred tokens as chat completions say them. */
export const STREAM_CREDIT_BYTES = 128 * 1024

export interface StreamWire {
  /** There is credit to be granted. */
  creditDue(stream: LinkStream): void
  sendCancel(stream: LinkStream): void
  /** The stream needs its id no longer. */
  forget(stream: LinkStream): void
}

export class LinkStream implements AttemptStream {
  readonly id: number
  readonly nodeId: Hex
  readonly ended: Promise<AttemptEnd>
  readonly #wire: StreamWire
  #settle: (end: AttemptEnd) => void = () => undefined
  readonly #queue: StreamChunk[] = []
  #waiting: ((result: IteratorResult<StreamChunk, undefined>) => void) | null = null
  #outcome: AttemptEnd | null = null
  #discarding = false
  #cancelTimer: NodeJS.Timeout | undefined
  /** Credit that the agent still has, bytes. The chunk that uses it up may be larger. */
  #allowed = STREAM_CREDIT_BYTES
  /** Of chunks that the consumer has taken and not acknowledged. */
  #taken = 0
  #granting = 0
  #acknowledged = 0

  constructor(id: number, nodeId: Hex, wire: StreamWire) {
    this.id = id
    this.nodeId = nodeId
    this.#wire = wire
    this.ended = new Promise((resolve) => (this.#settle = resolve))
  }

  get chunks(): AsyncIterable<StreamChunk> {
    return {
      [Symbol.asyncIterator]: () => ({
        next: () => this.#next(),
        return: async () => {
          this.#discard()
          return { done: true, value: undefined }
        },
      }),
    }
  }

  acknowledge(tokensOut: number): void {
    this.#acknowledged = Math.max(this.#acknowledged, tokensOut)
    this.#granting += this.#taken
    this.#taken = 0
    if (this.#granting > 0 && !this.#outcome) this.#wire.creditDue(this)
  }

  cancel(): void {
    this.#discard()
    if (this.#outcome || this.#cancelTimer) return
    this.#cancelTimer = setTimeout(() => afterReading(() => this.finish({ kind: 'link_lost' })), CANCEL_MS_MAX)
    this.#wire.sendCancel(this)
  }

  /** Credit to be sent now, null when the last one still says it all. */
  takeCredit(): { bytes: number; tokensAcknowledged: number } | null {
    if (this.#granting === 0 || this.#outcome) return null
    const bytes = this.#granting
    this.#granting = 0
    this.#allowed += bytes
    return { bytes, tokensAcknowledged: this.#acknowledged }
  }

  /** Bytes. */
  get creditWaiting(): number {
    return this.#granting
  }

  /** Throws `invalid_input` when the agent sends more than it has credit for. */
  push(chunk: StreamChunk): void {
    if (this.#outcome) return
    if (this.#allowed <= 0) throw new AppError('invalid_input', { publicMessage: 'Agent link: DATA without credit.' })
    if (chunk.chunk.length > CHUNK_BYTES_MAX) return this.#tooLarge()
    this.#allowed -= creditOfChunk(chunk.chunk)
    if (this.#discarding) return
    const waiting = this.#waiting
    if (!waiting) {
      this.#queue.push(chunk)
      return
    }
    this.#waiting = null
    this.#taken += creditOfChunk(chunk.chunk)
    waiting({ done: false, value: chunk })
  }

  end(end: StreamEnd): void {
    this.finish({ kind: 'ended', end })
  }

  /** The first outcome counts. */
  finish(outcome: AttemptEnd): void {
    if (this.#outcome) return
    this.#outcome = outcome
    clearTimeout(this.#cancelTimer)
    this.#wire.forget(this)
    this.#waiting?.({ done: true, value: undefined })
    this.#waiting = null
    if (this.#queue.length === 0) this.#settle(outcome)
  }

  /** What the node still signs for it is answered as any receipt whose stream was given up. */
  #tooLarge(): void {
    const message = `The node sent a chunk above ${CHUNK_BYTES_MAX} bytes.`
    this.finish({ kind: 'ended', end: { status: 'engine_failed', message, engineStatus: null, work: null } })
    this.#wire.sendCancel(this)
  }

  #next(): Promise<IteratorResult<StreamChunk, undefined>> {
    const chunk = this.#queue.shift()
    if (chunk) {
      this.#taken += creditOfChunk(chunk.chunk)
      if (this.#outcome && this.#queue.length === 0) this.#settle(this.#outcome)
      return Promise.resolve({ done: false, value: chunk })
    }
    if (this.#outcome || this.#discarding) return Promise.resolve({ done: true, value: undefined })
    return new Promise((resolve) => (this.#waiting = resolve))
  }

  #discard(): void {
    this.#discarding = true
    this.#queue.length = 0
    this.#waiting?.({ done: true, value: undefined })
    this.#waiting = null
    if (this.#outcome) this.#settle(this.#outcome)
  }
}
