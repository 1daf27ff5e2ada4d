/**
 * One streamed answer of an engine as events: each chunk with its tokens, then usage.
 *
 * What has come already is taken without waiting: a promise for each token costs as much as the token.
 */
import { ChunkCounter } from './chunk-counter.ts'
import { ChunkTemplate } from './chunk-template.ts'
import { EngineFailure, type EngineCall, type EngineEvent, type EngineEvents } from './engine-driver.ts'
import { failureOf, refusalOf } from './engine-failures.ts'
import type { EventCall } from './engine-pool.ts'
import { EventRefusal, EventStream, type EngineRequests } from './event-stream.ts'
import { parseChunk, type EngineChunk } from './openai-chunk.ts'

/** A short answer is over before a template would have paid for itself. */
const CHUNKS_BEFORE_TEMPLATE = 2
const TEMPLATES_MAX = 8

export class EngineStream implements EngineEvents {
  readonly #events: EventStream
  readonly #signal: AbortSignal
  readonly #counter: ChunkCounter
  readonly #onAbort = () => this.#events.abort()
  #template: ChunkTemplate | null = null
  #chunksParsed = 0
  #templatesLeft = TEMPLATES_MAX
  /** Behind the engine's last event. */
  #last: readonly EngineEvent[] | undefined
  #lastAt = 0
  #isBegun = false
  #isOver = false

  /** Sends the request; `asked` is the body that its prompt stands in. */
  constructor(requests: EngineRequests, call: EventCall, asked: EngineCall['body'], signal: AbortSignal) {
    this.#signal = signal
    this.#counter = new ChunkCounter(asked)
    this.#events = new EventStream(requests, call, !signal.aborted)
    signal.addEventListener('abort', this.#onAbort, { once: true })
  }

  [Symbol.asyncIterator](): this {
    return this
  }

  take(): EngineEvent | undefined {
    while (!this.#isOver) {
      if (this.#last) {
        const event = this.#last[this.#lastAt++]
        if (event === undefined) this.#close(true)
        return event
      }
      const event = this.#read()
      if (event === null) return undefined
      if (event) return event
    }
    return undefined
  }

  async next(): Promise<IteratorResult<EngineEvent, void>> {
    while (!this.#isOver) {
      const value = this.take()
      if (value !== undefined) return { done: false, value }
      if (this.#isOver) break
      try {
        if (!(await this.#events.wait())) throw new EngineFailure('died', 'the engine ended its stream without [DONE]')
      } catch (cause) {
        throw this.#failed(cause)
      }
    }
    return { done: true, value: undefined }
  }

  rest(isResting: boolean): void {
    this.#events.rest(isResting)
  }

  /** The rest is not wanted: the engine stops. */
  async return(): Promise<IteratorResult<EngineEvent, void>> {
    this.#close(this.#last !== undefined)
    return { done: true, value: undefined }
  }

  /** Null where nothing has come, undefined where what came is no event of its own. */
  #read(): EngineEvent | undefined | null {
    try {
      const data = this.#events.take()
      if (data === undefined) return null
      this.#isBegun = true
      if (data !== '[DONE]') return this.#counter.read(this.#chunkOf(data), data.length)
      this.#last = [...this.#counter.end()]
      return undefined
    } catch (cause) {
      throw this.#failed(cause)
    }
  }

  #chunkOf(data: string): EngineChunk {
    const known = this.#template?.read(data)
    if (known) return known
    const chunk = parseChunk(data)
    this.#chunksParsed += 1
    if (this.#templatesLeft > 0 && this.#chunksParsed > CHUNKS_BEFORE_TEMPLATE && isText(chunk)) {
      this.#templatesLeft -= 1
      this.#template = ChunkTemplate.of(data) ?? this.#template
    }
    return chunk
  }

  #failed(cause: unknown): EngineFailure {
    this.#close(false)
    if (this.#signal.aborted) return new EngineFailure('aborted', 'the request was cancelled', { cause })
    return cause instanceof EventRefusal ? refusalOf(cause.httpStatus, cause.text) : failureOf(cause, this.#isBegun)
  }

  #close(isWhole: boolean): void {
    if (this.#isOver) return
    this.#isOver = true
    this.#signal.removeEventListener('abort', this.#onAbort)
    if (isWhole) this.#events.finish()
    else this.#events.abort()
  }
}

function isText({ choices: [choice] }: EngineChunk): boolean {
  return choice !== undefined && choice.finish_reason == null && Boolean(choice.delta?.content ?? choice.text)
}
