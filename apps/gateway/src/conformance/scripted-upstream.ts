/**
 * An OpenAI-compatible server that does what it is asked in the smallest way: calls the tool, fills the schema, gives the
 * log-probabilities, sees the images. It stands behind a real agent where the demo model is too small to.
 *
 * What it was sent is kept, so that a case can look at what passed through. Some prompts make
 * it fail: REFUSE, FAIL, DIE, BREAK. Some make it slow: SLOW says nothing, PAUSE two words, TALK and BREAK one at a time.
 */
import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { engineFeatures } from '@isochrone/domain'

export const UPSTREAM_MODEL = 'scripted-large'

type Body = Record<string, unknown>
type Json = Record<string, unknown>

export interface ScriptedUpstream {
  readonly url: string
  /** Bodies that came, oldest first, with the path. */
  readonly received: { path: string; body: Body }[]
  close(): Promise<void>
}

const USAGE = { prompt_tokens: 9, prompt_tokens_details: { cached_tokens: 4 } }
const SCHEMA_ANSWER = '{"city":"Bern","people":3}'
const DIMENSIONS = 8
const KEPT_MAX = 1_000
const DIE_AFTER_MS = 100
/** So many that a follower has seen some of it. */
const BREAK_TOKENS = 6
export const SLOW_MS = 30_000
const TALK_MS = 250

/** Starts it on a free port of 127.0.0.1. */
export async function startScriptedUpstream(model = UPSTREAM_MODEL): Promise<ScriptedUpstream> {
  const received: { path: string; body: Body }[] = []
  const server = createServer((request, response) => {
    answer(request, response, received, model).catch(() => response.destroy())
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    received,
    async close() {
      const closed = once(server, 'close')
      server.close()
      server.closeAllConnections()
      await closed
    },
  }
}

async function answer(
  request: IncomingMessage,
  response: ServerResponse,
  received: { path: string; body: Body }[],
  model: string,
): Promise<void> {
  const path = request.url ?? ''
  if (path === '/v1/models') return sendJson(response, 200, modelList(model))
  const parts: Buffer[] = []
  for await (const part of request as AsyncIterable<Buffer>) parts.push(part)
  const body = JSON.parse(Buffer.concat(parts).toString('utf8')) as Body
  if (received.length < KEPT_MAX) received.push({ path, body })
  if (path === '/v1/embeddings') return sendJson(response, 200, embeddingsOf(body))
  const chat = path === '/v1/chat/completions'
  const said = chat ? lastText(body.messages) : String(body.prompt)
  if (said === 'REFUSE') return sendJson(response, 400, { error: { message: 'temperature: must be below 1' } })
  if (said === 'FAIL') return sendJson(response, 500, { error: { message: 'it broke' } })
  const gone = goneSignal(response)
  if (said === 'SLOW') await sleep(SLOW_MS, undefined, { signal: gone })
  response.writeHead(200, { 'content-type': 'text/event-stream' })
  const choices = typeof body.n === 'number' ? body.n : 1
  let tokens = 0
  const head = { id: 'up-1', object: chat ? 'chat.completion.chunk' : 'text_completion', created: 1, model: body.model }
  const send = (choice: Json): void =>
    void response.write(`data: ${JSON.stringify({ ...head, choices: [choice] })}\n\n`)
  for (let index = 0; index < choices; index++) {
    if (chat) send({ index, delta: { role: 'assistant', content: '' }, finish_reason: null })
  }
  for (let index = 0; index < choices; index++) {
    const pieces = chat ? chatPieces(body, said) : textPieces(body)
    const limit = typeof body.max_tokens === 'number' ? body.max_tokens : pieces.length
    for (const piece of pieces.slice(0, limit)) {
      send({ index, ...piece, finish_reason: null })
      tokens++
      if (said === 'PAUSE' && tokens === 2) await sleep(SLOW_MS, undefined, { signal: gone })
      if (said === 'TALK' || said === 'BREAK') await sleep(TALK_MS, undefined, { signal: gone })
      if ((said === 'DIE' && tokens === 2) || (said === 'BREAK' && tokens === BREAK_TOKENS)) {
        // What was written before has left.
        await sleep(DIE_AFTER_MS)
        response.destroy()
        return
      }
    }
    const cut = pieces.length > limit
    const finish = cut
      ? 'length'
      : 'delta' in (pieces[0] ?? {}) && 'tool_calls' in (pieces[0] as { delta: Json }).delta
        ? 'tool_calls'
        : 'stop'
    send({ index, ...(chat ? { delta: {} } : { text: '' }), finish_reason: finish })
  }
  const usage = { ...USAGE, completion_tokens: tokens, total_tokens: USAGE.prompt_tokens + tokens }
  response.write(`data: ${JSON.stringify({ ...head, choices: [], usage })}\n\n`)
  response.end('data: [DONE]\n\n')
}

/** Nobody waits for the rest. */
function goneSignal(response: ServerResponse): AbortSignal {
  const gone = new AbortController()
  response.once('close', () => gone.abort())
  return gone.signal
}

function chatPieces(body: Body, said: string): Json[] {
  const tools = (body.tools ?? []) as { function: { name: string } }[]
  const answered = ((body.messages ?? []) as { role: string }[]).at(-1)?.role === 'tool'
  if (tools.length > 0 && body.tool_choice !== 'none' && !answered) return toolPieces(body, tools)
  const texts = wordsOf(textFor(body, said), body.stop)
  return texts.map((content) => ({
    delta: { content },
    ...(body.logprobs === true && {
      logprobs: { content: [logprobOf(content, Number(body.top_logprobs ?? 0))], refusal: null },
    }),
  }))
}

function toolPieces(body: Body, tools: { function: { name: string } }[]): Json[] {
  const choice = body.tool_choice as { function?: { name?: string } } | string | undefined
  const chosen = typeof choice === 'object' ? choice.function?.name : undefined
  const called = chosen === undefined ? tools.map((tool) => tool.function.name) : [chosen]
  const names = body.parallel_tool_calls === false ? called.slice(0, 1) : called.slice(0, 2)
  return names.flatMap((name, index) => [
    { delta: { tool_calls: [{ index, id: `call_${index}`, type: 'function', function: { name, arguments: '' } }] } },
    { delta: { tool_calls: [{ index, function: { arguments: '{"city":' } }] } },
    { delta: { tool_calls: [{ index, function: { arguments: '"Bern"}' } }] } },
  ])
}

function textFor(body: Body, said: string): string {
  const format = (body.response_format as { type?: string } | undefined)?.type
  if (format === 'json_schema') return SCHEMA_ANSWER
  if (format === 'json_object') return '{"ok": true}'
  const images =
    JSON.stringify(body.messages).split('"image_url"}').length -
    1 +
    JSON.stringify(body.messages).split('"type":"image_url"').length -
    1
  if (images > 0) return `I see ${images} image`
  if (typeof body.seed === 'number') return `seed ${body.seed} says yes`
  return ['LONG', 'TALK', 'BREAK'].includes(said)
    ? Array.from({ length: 50 }, (_, i) => `word${i}`).join(' ')
    : 'one two three four'
}

function textPieces(body: Body): Json[] {
  const prompts =
    Array.isArray(body.prompt) && typeof body.prompt[0] === 'string' ? (body.prompt as string[]) : [String(body.prompt)]
  const text = `${body.echo === true ? `${prompts.join('')} ` : ''}one two three four${typeof body.suffix === 'string' ? body.suffix : ''}`
  let offset = 0
  return wordsOf(text, body.stop).map((piece) => {
    const logprobs = {
      tokens: [piece],
      token_logprobs: [-0.25],
      top_logprobs: [{ [piece]: -0.25 }],
      text_offset: [offset],
    }
    offset += piece.length
    return { text: piece, ...(typeof body.logprobs === 'number' && { logprobs }) }
  })
}

/** Pieces of a text that join to it again, cut before a stop string. */
function wordsOf(text: string, stop: unknown): string[] {
  const stops = (typeof stop === 'string' ? [stop] : (stop ?? [])) as string[]
  const ends = stops.map((each) => text.indexOf(each)).filter((at) => at >= 0)
  const cut = ends.length > 0 ? text.slice(0, Math.min(...ends)) : text
  return cut.match(/\s*\S+\s*$|\s*\S+/g) ?? []
}

function logprobOf(token: string, top: number): Json {
  const entry = (text: string, logprob: number) => ({ token: text, logprob, bytes: [...Buffer.from(text)] })
  const others = Array.from({ length: top }, (_, rank) => entry(rank === 0 ? token : `alt${rank}`, -0.25 - rank))
  return { ...entry(token, -0.25), top_logprobs: others }
}

function embeddingsOf(body: Body): Json {
  const { input } = body
  const single = typeof input === 'string' || (Array.isArray(input) && typeof input[0] === 'number')
  const inputs = single ? [input] : (input as unknown[])
  const size = typeof body.dimensions === 'number' ? body.dimensions : DIMENSIONS
  const data = inputs.map((each, index) => {
    const vector = Float32Array.from({ length: size }, (_, at) => Math.sin(JSON.stringify(each).length + at))
    const embedding = body.encoding_format === 'base64' ? Buffer.from(vector.buffer).toString('base64') : [...vector]
    return { object: 'embedding', index, embedding }
  })
  const tokens = JSON.stringify(inputs).length
  return { object: 'list', data, model: body.model, usage: { prompt_tokens: tokens, total_tokens: tokens } }
}

function lastText(messages: unknown): string {
  const last = Array.isArray(messages) ? (messages.at(-1) as { content?: unknown } | undefined) : undefined
  return typeof last?.content === 'string' ? last.content : ''
}

const modelList = (id: string) => ({
  object: 'list',
  data: [
    {
      id,
      object: 'model',
      context_length: 4_096,
      owned_by: 'scripted',
      features: engineFeatures.filter((name) => !['audio', 'files', 'web_search', 'continuation'].includes(name)),
    },
  ],
})

function sendJson(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body))
}
