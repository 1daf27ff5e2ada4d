/**
 * Kept HTTP/1.1 connections to one engine, for answers that come in many small pieces.
 *
 * All connections read into one buffer, and what was read is handed on in place: nothing is allocated for a piece, which is
 * most of what a general client costs there. An engine behind TLS is asked through such a client (`openai-driver.ts`).
 *
 * Guarantees: one request at a time on a connection, at most `connectionsMax` connections, others wait in order; each request
 * ends with exactly one of `onResponseEnd` and `onResponseError`; an engine that says nothing for `silenceMsMax` while
 * somebody listens is given up. Repeats nothing.
 */
import { afterReading } from '@isochrone/runtime'
import { EngineConnection, type EngineAddress } from './engine-connection.ts'
import type { AnswerHandler } from './answer-handler.ts'

export interface EventCall {
  readonly path: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
}

export interface EnginePoolOptions extends EngineAddress {
  /** As the request says it. */
  readonly hostHeader: string
  readonly connectionsMax: number
  readonly silenceMsMax: number
}

/** The engine said nothing for too long. */
export class EngineSilence extends Error {
  override readonly name = 'EngineSilence'
}

/** A silence is counted in so many beats of one timer, which costs less than a timer for each answer. */
const SILENT_BEATS = 16

export class EnginePool {
  readonly #options: EnginePoolOptions
  readonly #connections = new Set<EngineConnection>()
  /** The one that was used last is taken first: the others may go. */
  readonly #idle: EngineConnection[] = []
  readonly #waiting: { request: string; handler: AnswerHandler }[] = []
  readonly #beat: NodeJS.Timeout
  #isClosed = false

  constructor(options: EnginePoolOptions) {
    this.#options = options
    this.#beat = setInterval(() => this.#onBeat(), Math.max(5, options.silenceMsMax / SILENT_BEATS)).unref()
  }

  /** Sends a POST. */
  dispatch(call: EventCall, handler: AnswerHandler): void {
    const request = requestOf(this.#options.hostHeader, call)
    if (request === null) return handler.onResponseError(undefined, new Error('a header of the request is no text'))
    if (this.#isClosed) return handler.onResponseError(undefined, closedError())
    const connection = this.#free()
    if (connection) connection.send(request, handler)
    else this.#waiting.push({ request, handler })
  }

  close(): void {
    this.#isClosed = true
    clearInterval(this.#beat)
    for (const { handler } of this.#waiting.splice(0)) handler.onResponseError(undefined, closedError())
    for (const connection of this.#connections) connection.close(closedError())
  }

  #free(): EngineConnection | undefined {
    const nowMs = performance.now()
    for (let kept = this.#idle.pop(); kept; kept = this.#idle.pop()) {
      if (kept.keptToMs > nowMs) return kept
      kept.close(closedError())
    }
    if (this.#connections.size >= this.#options.connectionsMax) return undefined
    const connection: EngineConnection = new EngineConnection(this.#options, {
      onFree: () => this.#onFree(connection),
      onGone: () => this.#onGone(connection),
    })
    this.#connections.add(connection)
    return connection
  }

  #onFree(connection: EngineConnection): void {
    const next = this.#waiting.shift()
    if (next) connection.send(next.request, next.handler)
    else this.#idle.push(connection)
  }

  #onGone(connection: EngineConnection): void {
    if (!this.#connections.delete(connection)) return
    const at = this.#idle.indexOf(connection)
    if (at >= 0) this.#idle.splice(at, 1)
    if (this.#isClosed || this.#waiting.length === 0) return
    const free = this.#free()
    const next = free && this.#waiting.shift()
    if (next) free.send(next.request, next.handler)
  }

  #onBeat(): void {
    const nowMs = performance.now()
    // The oldest stand first.
    while (this.#idle[0] && this.#idle[0].keptToMs <= nowMs) this.#idle.shift()?.close(closedError())
    const silent: EngineConnection[] = []
    for (const connection of this.#connections) if (connection.beat() > SILENT_BEATS) silent.push(connection)
    if (silent.length === 0) return
    afterReading(() => {
      for (const connection of silent) {
        if (connection.silentBeats > SILENT_BEATS)
          connection.close(new EngineSilence('the engine was silent for too long'))
      }
    })
  }
}

const closedError = (): Error => new Error('the connection to the engine was closed')

/** Null where a header would end its line. */
function requestOf(host: string, { path, headers, body }: EventCall): string | null {
  let head = `POST ${path} HTTP/1.1\r\nhost: ${host}\r\nconnection: keep-alive\r\n`
  for (const name in headers) {
    const value = headers[name] as string
    if (/[^\t\x20-\x7e]/.test(value)) return null
    head += `${name}: ${value}\r\n`
  }
  return `${head}content-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`
}
