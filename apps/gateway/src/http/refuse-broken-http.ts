/**
 * What is no HTTP, or HTTP that is for others (CONNECT): refused in the shape of every other error, then closed.
 *
 * An answer that is under way on the connection ends first, so that garbage behind a request cannot end up inside its answer.
 */
import type { Duplex } from 'node:stream'
import { AppError, newId } from '@isochrone/domain'
import type { FastifyInstance } from 'fastify'
import { createExchanges } from './exchanges.ts'
import { toOpenAiError } from './openai-error.ts'

/** By the names of Node's errors; any other is 400. */
const statuses: Readonly<Record<string, { line: string; message: string }>> = {
  HPE_HEADER_OVERFLOW: { line: '431 Request Header Fields Too Large', message: 'The headers are larger than 16 KiB.' },
  HPE_CHUNK_EXTENSIONS_OVERFLOW: { line: '413 Payload Too Large', message: 'The extensions of a chunk are too large.' },
  ERR_HTTP_REQUEST_TIMEOUT: { line: '408 Request Timeout', message: 'The request did not arrive in time.' },
}
const unreadable = { line: '400 Bad Request', message: 'The request could not be read as HTTP.' }
/** How long the other end may take to read why. */
const LINGER_MS_MAX = 1_000

export interface BrokenHttp {
  /** For fastify's `clientErrorHandler`. */
  readonly onClientError: (error: { code?: unknown }, socket: Duplex) => void
  /** Follows what each connection answers, and takes over what Node would answer by itself. */
  readonly watch: (app: FastifyInstance) => void
}

export function refuseBrokenHttp(): BrokenHttp {
  const exchanges = createExchanges()
  const refused = new WeakSet<Duplex>()

  function refuse(socket: Duplex, { line, message }: { line: string; message: string }): void {
    // Each further piece of what cannot be read would be told again.
    if (refused.has(socket)) return
    refused.add(socket)
    const say = (): void => {
      if (socket.destroyed || !socket.writable) return void socket.destroy()
      setTimeout(() => socket.destroy(), LINGER_MS_MAX).unref()
      socket.end(answerOf(line, message))
    }
    const unfinished = exchanges.unfinished(socket)
    const last = unfinished.at(-1)
    if (!last) return say()
    // What cannot be read may be the end of this very request: then there is no answer to wait for, and none to say it within.
    if (last.request.complete) last.response.once('close', say)
    else if (unfinished.length > 1 || last.response.headersSent) socket.destroy()
    else say()
  }

  return {
    onClientError(error, socket) {
      if (error.code === 'ECONNRESET') socket.destroy()
      else refuse(socket, statuses[String(error.code)] ?? unreadable)
    },
    watch(app) {
      const { server } = app
      app.addHook('onRequest', (request, reply, next) => {
        exchanges.add({ request: request.raw, response: reply.raw })
        // Node's parser takes what follows it for the other protocol: said, so that nobody waits for its answer.
        if (/\bupgrade\b/i.test(request.headers.connection ?? '')) reply.header('connection', 'close')
        // Node would refuse it without a word (`requireHostHeader`).
        const hostless = request.raw.httpVersion === '1.1' && request.headers.host === undefined
        if (!hostless) return next()
        next(new AppError('invalid_input', { publicMessage: 'A request of HTTP/1.1 needs a Host header.' }))
      })
      // RFC 9110, section 10.1.1: what nobody knows to expect may be passed over.
      server.on('checkExpectation', (request, response) => server.emit('request', request, response))
      // Of an answer whose turn has not come (pipelining), Node puts the word behind its head, which breaks the answer; without the
      // word it closes the connection after it. So such a request begins at its turn.
      server.on('checkContinue', (request, response) => {
        const begin = (): void => {
          response.writeContinue()
          server.emit('request', request, response)
        }
        if (response.socket) begin()
        else response.once('socket', begin)
      })
      server.on('connect', (_request, socket) => {
        socket.on('error', () => socket.destroy())
        refuse(socket, { ...unreadable, message: 'This is no proxy: CONNECT is not served.' })
      })
    },
  }
}

function answerOf(line: string, publicMessage: string): string {
  const requestId = newId('req')
  const { headers, body } = toOpenAiError(new AppError('invalid_input', { publicMessage }), requestId)
  const text = JSON.stringify(body)
  const all = {
    'content-type': 'application/json; charset=utf-8',
    'content-length': String(Buffer.byteLength(text)),
    'x-request-id': requestId,
    ...headers,
    connection: 'close',
  }
  const lines = Object.entries(all).map(([name, value]) => `${name}: ${value}\r\n`)
  return `HTTP/1.1 ${line}\r\n${lines.join('')}\r\n${text}`
}
