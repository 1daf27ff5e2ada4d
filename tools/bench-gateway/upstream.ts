/**
 * The engine that all rivals stand in front of: an OpenAI-compatible server whose answers are known beforehand.
 *
 * Paced streams advance together, a few groups of them in turn, as the sequences of one engine's batch do. Tells its
 * parent its port, and which streams were closed before their end; it ends with it.
 */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { answerOf, benchModels, seedOf, tokenOf } from './answer.ts'

interface Ask {
  model: string
  messages: { content?: unknown }[]
  max_tokens: number
  stream?: boolean
  stream_options?: { include_usage?: boolean; continuous_usage_stats?: boolean }
}

interface Stream {
  ask: Ask
  seed: number
  response: ServerResponse
  sent: number
}

const [tokenMsText = '2'] = process.argv.slice(2)
const tokenMs = Number(tokenMsText)
const TOKENS_IN = 200
const CREATED = 1_700_000_000
/** Streams that get their tokens at the same moment: one of these groups each `tokenMs / GROUPS`. */
const GROUPS = 2
const groups: Set<Stream>[] = Array.from({ length: GROUPS }, () => new Set())
let started = 0
let group = 0

const server = createServer({ keepAliveTimeout: 120_000 }, (request, response) => {
  if (request.method === 'GET') return models(response)
  const parts: Buffer[] = []
  request.on('data', (part: Buffer) => parts.push(part))
  request.on('end', () => answer(JSON.parse(Buffer.concat(parts).toString()) as Ask, request, response))
})
server.listen(0, '127.0.0.1', () => {
  process.send?.({ port: (server.address() as AddressInfo).port })
})
setInterval(() => {
  group = (group + 1) % GROUPS
  for (const stream of groups[group] as Set<Stream>) if (!sendNext(stream)) groups[group]?.delete(stream)
}, tokenMs / GROUPS)
process.once('disconnect', () => process.exit(0))

function models(response: ServerResponse): void {
  const data = Object.values(benchModels).map((id) => ({ id, object: 'model', max_model_len: 131_072 }))
  response.setHeader('content-type', 'application/json').end(JSON.stringify({ object: 'list', data }))
}

function answer(ask: Ask, request: IncomingMessage, response: ServerResponse): void {
  const seed = seedOf(ask.messages)
  if (!ask.stream) {
    const message = { role: 'assistant', content: answerOf(seed, ask.max_tokens) }
    const choices = [{ index: 0, message, finish_reason: 'stop', logprobs: null }]
    const body = { id: `chatcmpl-${seed}`, object: 'chat.completion', created: CREATED, model: ask.model, choices }
    response
      .setHeader('content-type', 'application/json')
      .end(JSON.stringify({ ...body, usage: usageOf(ask.max_tokens) }))
    return
  }
  response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-cache' })
  const stream: Stream = { ask, seed, response, sent: 0 }
  if (ask.model === benchModels.instant) {
    const chunks = Array.from({ length: ask.max_tokens }, (_, index) => tokenChunk(ask, seed, index))
    response.end(chunks.join('') + endOf(ask, seed))
    return
  }
  const mine = groups[started++ % GROUPS] as Set<Stream>
  sendNext(stream)
  mine.add(stream)
  request.socket.once('close', () => {
    if (mine.delete(stream)) process.send?.({ gone: seed })
  })
}

/** Sends a token; after the last one the end of the stream, and false. */
function sendNext(stream: Stream): boolean {
  const { ask, seed, response } = stream
  if (stream.sent < ask.max_tokens) {
    response.write(tokenChunk(ask, seed, stream.sent++))
    return true
  }
  response.end(endOf(ask, seed))
  return false
}

const tokenChunk = (ask: Ask, seed: number, index: number): string =>
  chunkOf(ask, `{"content":"${tokenOf(seed, index)}"}`, 'null', seed, index + 1)

function endOf(ask: Ask, seed: number): string {
  const usage = ask.stream_options?.include_usage ? usageChunk(ask, seed) : ''
  return `${chunkOf(ask, '{}', '"stop"', seed, ask.max_tokens)}${usage}data: [DONE]\n\n`
}

function chunkOf(ask: Ask, delta: string, finish: string, seed: number, tokensOut: number): string {
  const usage = ask.stream_options?.continuous_usage_stats ? `,"usage":${JSON.stringify(usageOf(tokensOut))}` : ''
  return `${headOf(ask, seed)},"choices":[{"index":0,"delta":${delta},"logprobs":null,"finish_reason":${finish}}]${usage}}\n\n`
}

const usageChunk = (ask: Ask, seed: number): string =>
  `${headOf(ask, seed)},"choices":[],"usage":${JSON.stringify(usageOf(ask.max_tokens))}}\n\n`

const headOf = (ask: Ask, seed: number): string =>
  `data: {"id":"chatcmpl-${seed}","object":"chat.completion.chunk","created":${CREATED},"model":"${ask.model}"`

function usageOf(tokensOut: number) {
  return { prompt_tokens: TOKENS_IN, completion_tokens: tokensOut, total_tokens: TOKENS_IN + tokensOut }
}
