/** An OpenAI-compatible engine of the tests that sends what it is told to, and tells when each of its streams went away. */
import { once } from 'node:events'
import { createServer, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

export interface ScriptedStream {
  /** What it was asked. */
  readonly body: Readonly<Record<string, unknown>>
  /** Sends one token, and further fields of its chunk; false where the reader is behind. */
  say(text: string, more?: object): boolean
  /** Resolves when the reader has caught up, or is gone. */
  drained(): Promise<void>
  /** `more`: further fields of the last chunk. */
  finish(reason?: string, more?: object): void
  /** Bytes that the socket has not taken yet. */
  readonly bufferedBytes: number
  /** When the reader went away, as `performance.now()`; null while it is there. */
  readonly goneAtMs: number | null
}

export const ENGINE_MODEL = 'scripted-model'

export async function startScriptedEngine() {
  const streams: ScriptedStream[] = []
  const server = createServer((request, response) => {
    if (request.url?.endsWith('/models')) {
      response.setHeader('content-type', 'application/json')
      return void response.end(JSON.stringify({ data: [{ id: ENGINE_MODEL, context_length: 1_000_000 }] }))
    }
    const parts: Buffer[] = []
    request.on('data', (part: Buffer) => parts.push(part))
    request.once('end', () => {
      const body = JSON.parse(Buffer.concat(parts).toString('utf8')) as Record<string, unknown>
      streams.push(streamOf(body, response))
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    streams,
    close() {
      server.closeAllConnections()
      server.close()
    },
  }
}

function streamOf(body: Record<string, unknown>, response: ServerResponse): ScriptedStream {
  let goneAtMs: number | null = null
  response.once('close', () => (goneAtMs = performance.now()))
  response.writeHead(200, { 'content-type': 'text/event-stream' })
  const send = (delta: object, finish: string | null, more: object = {}) =>
    response.write(
      `data: ${JSON.stringify({ id: 'x', object: 'chat.completion.chunk', created: 1, choices: [{ index: 0, delta, finish_reason: finish }], ...more })}\n\n`,
    )
  send({ role: 'assistant', content: '' }, null)
  return {
    body,
    say: (content, more) => send({ content }, null, more),
    async drained() {
      if (!response.writableNeedDrain || response.destroyed) return
      const over = new AbortController()
      const { signal } = over
      const settled = ['drain', 'close'].map((name) => once(response, name, { signal }).catch(() => undefined))
      await Promise.race(settled)
      over.abort()
    },
    finish(reason = 'stop', more) {
      send({}, reason, more)
      response.end('data: [DONE]\n\n')
    },
    get bufferedBytes() {
      return response.writableLength
    },
    get goneAtMs() {
      return goneAtMs
    },
  }
}
