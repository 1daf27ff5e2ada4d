/**
 * An OpenAI-compatible HTTP server on loopback in front of one built-in engine.
 *
 * It streams with backpressure (a slow reader pauses its own sequence), passes a client's disconnect on to the engine,
 * and ends a stream that fails after its first byte with an error event and no `[DONE]`, never by merely stopping.
 */
import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { EngineRequestError, type EngineBackend, type Usage } from './engine-backend.ts'
import { errorBody, modelList, streamChunk, usageChunk, wholeAnswer, type AnswerHead } from './openai-chunks.ts'
import { embeddingsAnswer } from './serve-embeddings.ts'
import { parseGenerationRequest, type ParsedRequest } from './parse-generation-request.ts'

const BODY_BYTES_MAX = 8 * 1024 * 1024

export type EngineServer = { readonly url: string; close(): Promise<void> }

/** Starts the server on 127.0.0.1; `port` 0 picks a free one. Closing it closes open streams and then the backend. */
export async function serveOpenAi(backend: EngineBackend, port = 0): Promise<EngineServer> {
  const server = createServer((request, response) => {
    const aborter = new AbortController()
    response.on('close', () => aborter.abort(new Error('the client went away')))
    answer(backend, request, response, aborter.signal).catch((cause: unknown) => fail(response, cause))
  })
  server.listen(port, '127.0.0.1')
  await once(server, 'listening')
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async close() {
      const closed = once(server, 'close')
      server.close()
      server.closeAllConnections()
      await closed
      await backend.close()
    },
  }
}

async function answer(
  backend: EngineBackend,
  request: IncomingMessage,
  response: ServerResponse,
  signal: AbortSignal,
): Promise<void> {
  const path = (request.url ?? '').split('?')[0]
  const route = `${request.method} ${path}`
  switch (route) {
    case 'GET /health':
      return sendJson(response, 200, { status: 'ok', ...backend.load() })
    case 'GET /version':
      return sendJson(response, 200, { version: backend.engine?.version ?? null })
    case 'GET /v1/models':
      return sendJson(response, 200, modelList(backend))
    case 'POST /v1/chat/completions':
    case 'POST /v1/completions': {
      const kind = path === '/v1/completions' ? 'completion' : 'chat'
      const parsed = parseGenerationRequest(kind, await readJson(request))
      if (!backend.models.some((card) => card.id === parsed.generation.model)) {
        throw new EngineRequestError(404, 'model_not_found', `no model ${parsed.generation.model} here`, 'model')
      }
      const head = {
        kind,
        id: `${kind === 'chat' ? 'chatcmpl' : 'cmpl'}-${randomUUID()}`,
        created: Math.floor(Date.now() / 1000),
        model: parsed.generation.model,
      } as const
      return parsed.stream
        ? streamAnswer(backend, parsed, head, response, signal)
        : collectAnswer(backend, parsed, head, response, signal)
    }
    case 'POST /v1/embeddings':
      return sendJson(response, 200, await embeddingsAnswer(backend, await readJson(request), signal))
    default:
      throw new EngineRequestError(404, 'not_found', `no route ${route}`)
  }
}

async function streamAnswer(
  backend: EngineBackend,
  { generation, includeUsage, continuousUsage }: ParsedRequest,
  head: AnswerHead,
  response: ServerResponse,
  signal: AbortSignal,
): Promise<void> {
  const usageOf = (usage: Usage) => (continuousUsage ? usage : undefined)
  for await (const event of backend.generate(generation, signal)) {
    if (!response.headersSent) {
      response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-store' })
      if (head.kind === 'chat') await writeEvent(response, streamChunk(head, null, null, undefined), signal)
    }
    if (event.type === 'text') {
      await writeEvent(response, streamChunk(head, event.text, null, usageOf(event.usage)), signal)
      continue
    }
    await writeEvent(response, streamChunk(head, event.text, event.reason, usageOf(event.usage)), signal)
    if (includeUsage) await writeEvent(response, usageChunk(head, event.usage), signal)
    response.end('data: [DONE]\n\n')
  }
}

async function collectAnswer(
  backend: EngineBackend,
  { generation }: ParsedRequest,
  head: AnswerHead,
  response: ServerResponse,
  signal: AbortSignal,
): Promise<void> {
  const pieces: string[] = []
  for await (const event of backend.generate(generation, signal)) {
    pieces.push(event.text)
    if (event.type === 'end') sendJson(response, 200, wholeAnswer(head, pieces.join(''), event.reason, event.usage))
  }
}

async function writeEvent(response: ServerResponse, data: unknown, signal: AbortSignal): Promise<void> {
  if (!response.write(`data: ${JSON.stringify(data)}\n\n`)) await once(response, 'drain', { signal })
}

async function readJson(request: IncomingMessage): Promise<unknown> {
  const parts: Buffer[] = []
  let bytes = 0
  for await (const part of request as AsyncIterable<Buffer>) {
    bytes += part.length
    if (bytes > BODY_BYTES_MAX) throw new EngineRequestError(413, 'payload_too_large', 'the body is over 8 MiB')
    parts.push(part)
  }
  try {
    return JSON.parse(Buffer.concat(parts).toString('utf8')) as unknown
  } catch {
    throw new EngineRequestError(400, 'invalid_json', 'the body is not JSON')
  }
}

function fail(response: ServerResponse, cause: unknown): void {
  const error =
    cause instanceof EngineRequestError
      ? cause
      : new EngineRequestError(500, 'engine_failed', cause instanceof Error ? cause.message : 'the engine failed')
  if (response.destroyed || response.writableEnded) return
  if (response.headersSent) response.end(`data: ${JSON.stringify(errorBody(error))}\n\n`)
  else sendJson(response, error.httpStatus, errorBody(error))
}

function sendJson(response: ServerResponse, httpStatus: number, body: unknown): void {
  response.writeHead(httpStatus, { 'content-type': 'application/json' }).end(JSON.stringify(body))
}
