/**
 * The events of one streamed answer of an engine, as they come off its connection.
 *
 * Reads no further while nobody takes what has come. A connection that the engine had closed already, while it lay in the
 * pool, shows only when it is used: such a request is sent again on another one, since nothing of an answer had come.
 */
import { createParser } from 'eventsource-parser'
import type { Dispatcher, Pool } from 'undici'

export interface EventCall {
  readonly path: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
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
const closedCodes = new Set(['UND_ERR_SOCKET', 'ECONNRESET', 'EPIPE'])
const gaveUp = new Error('the rest of the answer is not wanted')

export class EventStream {
  readonly #pool: Pool
  readonly #call: EventCall
  readonly #decoder = new TextDecoder()
  readonly #parser = createParser({
    onEvent: ({ data }) => {
      this.#ready.push(data)
      this.#readyCharacters += data.length
    },
  })
  #controller: Dispatcher.DispatchController | undefined
  #ready: string[] = []
  #readyCharacters = 0
  #refusal: { httpStatus: number; parts: Buffer[]; bytes: number } | undefined
  #isAnswered = false
  #isOver = false
  #isDropped = false
  #error: unknown
  #wake: (() => void) | undefined
  #tail: NodeJS.Timeout | undefined

  constructor(pool: Pool, call: EventCall) {
    this.#pool = pool
    this.#call = call
    this.#send(REPEATS_MAX)
  }

  /** Data of the events since the last call, at least one; null at the end of the body. Throws what broke the answer. */
  async next(): Promise<readonly string[] | null> {
    while (this.#ready.length === 0) {
      if (this.#error !== undefined) throw this.#error
      if (this.#isOver) return null
      await new Promise<void>((resolve) => (this.#wake = resolve))
    }
    const ready = this.#ready
    this.#ready = []
    this.#readyCharacters = 0
    if (this.#controller?.paused) this.#controller.resume()
    return ready
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
    if (this.#controller?.paused) this.#controller.resume()
    this.#tail = setTimeout(() => this.abort(), TAIL_MS_MAX).unref()
  }

  #send(repeats: number): void {
    this.#pool.dispatch(
      { ...this.#call, method: 'POST' },
      {
        onRequestStart: (controller) => {
          this.#controller = controller
          if (this.#isDropped) controller.abort(gaveUp)
        },
        onResponseStart: (_controller, httpStatus) => {
          this.#isAnswered = true
          if (httpStatus !== 200) this.#refusal = { httpStatus, parts: [], bytes: 0 }
        },
        onResponseData: (controller, part) => this.#read(controller, part),
        onResponseEnd: () => this.#end(undefined),
        onResponseError: (_controller, error) => {
          const { code } = error as { code?: string }
          const isStale = repeats > 0 && !this.#isAnswered && !this.#isDropped && closedCodes.has(code ?? '')
          if (isStale) this.#send(repeats - 1)
          else this.#end(error)
        },
      },
    )
  }

  #read(controller: Dispatcher.DispatchController, part: Buffer): void {
    if (this.#refusal) {
      this.#refusal.parts.push(part)
      this.#refusal.bytes += part.length
      if (this.#refusal.bytes > REFUSAL_BYTES_MAX) {
        this.#end(undefined)
        controller.abort(gaveUp)
      }
      return
    }
    if (this.#isDropped) return
    this.#parser.feed(this.#decoder.decode(part, { stream: true }))
    if (this.#readyCharacters > READY_CHARACTERS_MAX) controller.pause()
    if (this.#ready.length > 0) this.#stir()
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
    const wake = this.#wake
    this.#wake = undefined
    wake?.()
  }
}
