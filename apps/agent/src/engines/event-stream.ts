/**
 * The events of one streamed answer of an engine, as they come off its connection.
 *
 * Reads no further while nobody takes what has come. A connection that the engine had closed already, while it lay in the
 * pool, shows only when it is used: such a request is sent again on another one, since nothing of an answer had come.
 */
import { createParser } from 'eventsource-parser'
import type { EventCall } from './engine-pool.ts'
import type { AnswerController, AnswerHandler } from './answer-handler.ts'

/** Whoever carries a request to the engine. */
export interface EngineRequests {
  dispatch(call: EventCall, handler: AnswerHandler): void
}

/** The engine answered, with another status than 200. */
export class EventRefusal extends Error {
  override readonly name = 'EventRefusal'
  readonly httpStatus: number
  /** Its beginning. */
  readonly text: string

  constructor(httpStatus: number, text: string) {
    super(`the engine answered ${httpStatus}`)
    this.httpStatus = httpStatus
    this.text = text
  }
}

/** Of an answer that is no stream. */
const REFUSAL_BYTES_MAX = 64 * 1024
/** Of events that nobody has taken, above which the connection is read no further. */
const READY_CHARACTERS_MAX = 64 * 1024
/** How long a body may take to end after its last event, so that its connection can be used again. */
const TAIL_MS_MAX = 1_000
/** An engine that was started anew leaves several such connections behind. */
const REPEATS_MAX = 2
const ASCII_MAX = 0x7f
const closedCodes = new Set(['UND_ERR_SOCKET', 'ECONNRESET', 'EPIPE'])
const gaveUp = new Error('the rest of the answer is not wanted')

export class EventStream {
  readonly #requests: EngineRequests
  readonly #call: EventCall
  /** Only of parts that cut a character. A leading byte order mark is the parser's. */
  #decoder: { decode(bytes: Uint8Array, options: { stream: boolean }): string } | undefined
  #isCut = false
  readonly #parser = createParser({
    onEvent: ({ data }) => {
      this.#ready.push(data)
      this.#readyCharacters += data.length
    },
  })
  #controller: AnswerController | undefined
  #ready: string[] = []
  #taken = 0
  #readyCharacters = 0
  #refusal: { httpStatus: number; parts: Buffer[]; bytes: number } | undefined
  #isAnswered = false
  #isOver = false
  #isDropped = false
  #isResting = false
  #error: unknown
  #wake: (() => void) | undefined
  #tail: NodeJS.Timeout | undefined

  /** Sends the request, if it is wanted still. */
  constructor(requests: EngineRequests, call: EventCall, isWanted: boolean) {
    this.#requests = requests
    this.#call = call
    if (isWanted) this.#send(REPEATS_MAX)
    else this.abort()
  }

  /** Data of the next event; undefined where none has come, or no more comes. */
  take(): string | undefined {
    const data = this.#ready[this.#taken]
    if (data === undefined) return undefined
    this.#taken += 1
    if (this.#taken === this.#ready.length) {
      this.#ready = []
      this.#taken = 0
      this.#readyCharacters = 0
      if (!this.#isResting && this.#controller?.paused) this.#controller.resume()
    }
    return data
  }

  /** Waits until there is an event to take, or none will come; false at the end of the body. Throws what broke the answer. */
  wait(): Promise<boolean> {
    return new Promise((resolve, reject) => {
      this.#wake = () => {
        if (this.#ready.length > 0) resolve(true)
        else if (this.#error !== undefined) reject(this.#error)
        else if (this.#isOver) resolve(false)
        else return
        this.#wake = undefined
      }
      this.#wake()
    })
  }

  /** True: its connection is read no further until this is called with false. */
  rest(isResting: boolean): void {
    // The connection of an answer that is over may carry another one.
    if (this.#isOver || this.#isDropped || this.#isResting === isResting) return
    this.#isResting = isResting
    if (isResting) this.#controller?.pause()
    else if (this.#readyCharacters <= READY_CHARACTERS_MAX) this.#controller?.resume()
  }

  /** What still comes is not wanted: the connection closes. */
  abort(reason: Error = gaveUp): void {
    this.#isDropped = true
    this.#error ??= reason
    if (!this.#isOver) this.#controller?.abort(reason)
    this.#stir()
  }

  /** The last event was taken: the body may end by itself, and its connection serves others. */
  finish(): void {
    this.#isDropped = true
    if (this.#isOver) return
    this.#isResting = false
    if (this.#controller?.paused) this.#controller.resume()
    this.#tail = setTimeout(() => this.abort(), TAIL_MS_MAX).unref()
  }

  #send(repeats: number): void {
    this.#requests.dispatch(this.#call, {
      onRequestStart: (controller) => {
        this.#controller = controller
        if (this.#isDropped) controller.abort(gaveUp)
      },
      onResponseStart: (_controller, httpStatus) => {
        this.#isAnswered = true
        if (httpStatus !== 200) this.#refusal = { httpStatus, parts: [], bytes: 0 }
      },
      onBytes: (controller, bytes, from, to) => this.#read(controller, bytes, from, to),
      onResponseEnd: () => this.#end(undefined),
      onResponseError: (_controller, error) => {
        const { code } = error as { code?: string }
        const isStale = repeats > 0 && !this.#isAnswered && !this.#isDropped && closedCodes.has(code ?? '')
        if (isStale) this.#send(repeats - 1)
        else this.#end(error)
      },
    })
  }

  #read(controller: AnswerController, bytes: Buffer, from: number, to: number): void {
    if (this.#refusal) {
      // A copy: the memory is another's.
      this.#refusal.parts.push(Buffer.from(bytes.subarray(from, to)))
      this.#refusal.bytes += to - from
      if (this.#refusal.bytes > REFUSAL_BYTES_MAX) {
        this.#end(undefined)
        controller.abort(gaveUp)
      }
      return
    }
    if (this.#isDropped) return
    this.#parser.feed(this.#textOf(bytes, from, to))
    if (this.#readyCharacters > READY_CHARACTERS_MAX) controller.pause()
    if (this.#ready.length > 0) this.#stir()
  }

  /** A part that ends with an ASCII character, behind another one that does, cuts none. */
  #textOf(bytes: Buffer, from: number, to: number): string {
    const wasCut = this.#isCut
    this.#isCut = (bytes[to - 1] as number) > ASCII_MAX
    if (!wasCut && !this.#isCut) return bytes.toString('utf8', from, to)
    this.#decoder ??= new TextDecoder('utf-8', { ignoreBOM: true })
    return this.#decoder.decode(bytes.subarray(from, to), { stream: true })
  }

  #end(error: unknown): void {
    if (this.#isOver) return
    this.#isOver = true
    clearTimeout(this.#tail)
    const refusal = this.#refusal
    if (refusal) {
      const text = Buffer.concat(refusal.parts).toString('utf8', 0, REFUSAL_BYTES_MAX)
      this.#error ??= new EventRefusal(refusal.httpStatus, text)
    } else this.#error ??= error
    this.#stir()
  }

  #stir(): void {
    this.#wake?.()
  }
}
