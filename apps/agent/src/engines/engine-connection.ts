/** One connection of an `EnginePool`: carries one request after the other. */
import { connect, type Socket } from 'node:net'
import { HttpAnswer } from './http-answer.ts'
import type { AnswerController, AnswerHandler } from './answer-handler.ts'

export interface EngineAddress {
  readonly host: string
  readonly port: number
}

export interface ConnectionEvents {
  /** The last answer is whole: another request may go. */
  readonly onFree: () => void
  /** It is closed, or about to be. */
  readonly onGone: () => void
}

const CONNECT_MS_MAX = 10_000
const TCP_KEEP_ALIVE_MS = 60_000
const READ_BYTES_MAX = 64 * 1024
/**
 * What all connections read into: nothing of it outlives the call that hands it on. Windows is given a buffer before there is
 * anything to read, so there each connection has its own.
 */
const shared = process.platform === 'win32' ? null : Buffer.allocUnsafeSlow(READ_BYTES_MAX)
/** As the system calls a connection that the other side closed. */
const CLOSED_CODE = 'ECONNRESET'

type Exchange = { readonly handler: AnswerHandler; readonly answer: HttpAnswer }

export class EngineConnection implements AnswerController {
  readonly #socket: Socket
  readonly #events: ConnectionEvents
  #exchange: Exchange | undefined
  #isPaused = false
  #isGone = false
  #error: Error | undefined
  #keptToMs = 0
  #silentBeats = 0

  constructor({ host, port }: EngineAddress, events: ConnectionEvents) {
    this.#events = events
    const onread = {
      buffer: shared ?? Buffer.allocUnsafeSlow(READ_BYTES_MAX),
      callback: (length: number, bytes: Uint8Array) => this.#read(bytes as Buffer, length),
    }
    this.#socket = connect({
      host,
      port,
      noDelay: true,
      keepAlive: true,
      keepAliveInitialDelay: TCP_KEEP_ALIVE_MS,
      onread,
    })
    const connecting = setTimeout(
      () => this.#socket.destroy(new Error('the engine takes no connection')),
      CONNECT_MS_MAX,
    )
    this.#socket
      .once('connect', () => clearTimeout(connecting))
      .on('error', (error) => (this.#error ??= error))
      .once('end', () => this.#onEnd())
      .once('close', () => {
        clearTimeout(connecting)
        this.close(this.#error ?? otherSideClosed())
      })
  }

  /** Until then it may be used again, ms of the monotonic clock. */
  get keptToMs(): number {
    return this.#keptToMs
  }

  get silentBeats(): number {
    return this.#silentBeats
  }

  get paused(): boolean {
    return this.#isPaused
  }

  /** Counts a beat of the pool's timer; returns how many there were since the last byte. */
  beat(): number {
    this.#silentBeats = this.#exchange && !this.#isPaused ? this.#silentBeats + 1 : 0
    return this.#silentBeats
  }

  send(request: string, handler: AnswerHandler): void {
    this.#silentBeats = 0
    this.#exchange = {
      handler,
      answer: new HttpAnswer(
        (httpStatus) => handler.onResponseStart(this, httpStatus),
        (bytes, from, to) => handler.onBytes(this, bytes, from, to),
      ),
    }
    this.#socket.ref()
    handler.onRequestStart(this)
    if (!this.#isGone) this.#socket.write(request)
  }

  pause(): void {
    this.#isPaused = true
    this.#socket.pause()
  }

  resume(): void {
    this.#isPaused = false
    this.#socket.resume()
  }

  abort(reason: Error): void {
    this.close(reason)
  }

  /** Whatever is under way ends with `error`. */
  close(error: Error): void {
    if (this.#isGone) return
    this.#isGone = true
    this.#socket.destroy()
    const exchange = this.#exchange
    this.#exchange = undefined
    this.#events.onGone()
    exchange?.answer.stop()
    exchange?.handler.onResponseError(this, error)
  }

  #read(bytes: Buffer, length: number): boolean {
    const exchange = this.#exchange
    if (!exchange) {
      // Bytes that nobody asked for.
      this.close(otherSideClosed())
      return false
    }
    this.#silentBeats = 0
    try {
      exchange.answer.read(bytes, length)
    } catch (error) {
      this.close(error as Error)
      return false
    }
    if (exchange.answer.isWhole) this.#finish(exchange)
    return !this.#isPaused && !this.#isGone
  }

  #onEnd(): void {
    const exchange = this.#exchange
    if (exchange?.answer.end()) this.#finish(exchange)
    this.close(otherSideClosed())
  }

  #finish({ answer, handler }: Exchange): void {
    if (this.#isGone) return
    this.#exchange = undefined
    const { keptMs } = answer
    if (keptMs === 0) this.close(otherSideClosed())
    else {
      this.#keptToMs = performance.now() + keptMs
      if (this.#isPaused) this.resume()
      // Nothing is to be heard on it that would keep the process alive.
      this.#socket.unref()
    }
    handler.onResponseEnd()
    if (!this.#isGone && !this.#exchange) this.#events.onFree()
  }
}

const otherSideClosed = (): Error => Object.assign(new Error('the engine closed the connection'), { code: CLOSED_CODE })
