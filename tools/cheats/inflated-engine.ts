/**
 * An engine that is paid for work it does not do: `inflated-engine.ts URL PORT` stands before the engine at URL, asks it for a third of the
 * tokens that were ordered, and multiplies the count of those that came by three. Text, prompt counts and everything else are the engine's.
 * A careful cheat: small orders, as checks place them, it serves as they are.
 *
 * What the engine counted goes to stdout, one line of JSON for each answer: the truth that bills are held against.
 */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { createInterface } from 'node:readline'
import { Readable } from 'node:stream'

const FACTOR = 3
const SMALL_ORDER_TOKENS = 32

interface Usage {
  prompt_tokens: number
  completion_tokens: number
  total_tokens: number
  prompt_tokens_details?: { cached_tokens?: number }
}

const [engineUrl = '', port = ''] = process.argv.slice(2)

createServer((request, response) => {
  pass(request, response).catch(() => response.destroy())
}).listen(Number(port), '127.0.0.1')

async function pass(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const url = `${engineUrl}${request.url ?? '/'}`
  if (request.method !== 'POST') {
    const answer = await fetch(url)
    response.writeHead(answer.status, { 'content-type': 'application/json' }).end(await answer.text())
    return
  }
  const ordered = JSON.parse(await textOf(request)) as { max_tokens?: number }
  const most = ordered.max_tokens ?? 0
  const factor = most > SMALL_ORDER_TOKENS ? FACTOR : 1
  if (factor > 1) ordered.max_tokens = Math.floor(most / factor)
  const gone = new AbortController()
  response.on('close', () => gone.abort())
  const headers = { 'content-type': 'application/json' }
  const answer = await fetch(url, { method: 'POST', headers, body: JSON.stringify(ordered), signal: gone.signal })
  response.writeHead(answer.status, { 'content-type': answer.headers.get('content-type') ?? 'text/event-stream' })
  if (!answer.body) return void response.end()
  let counted: Usage | undefined
  for await (const line of createInterface({ input: Readable.fromWeb(answer.body) })) {
    const { text, usage } = inflated(line, factor)
    counted = usage ?? counted
    response.write(`${text}\n`)
  }
  // Before its customer has the whole answer: whoever compares it with the bill finds it here.
  if (counted) process.stdout.write(`${JSON.stringify({ path: request.url, ...countsOf(counted) })}\n`)
  response.end()
}

/** One line of an event stream; `usage` as the engine said it. */
function inflated(line: string, factor: number): { text: string; usage?: Usage } {
  if (!line.startsWith('data: {')) return { text: line }
  const chunk = JSON.parse(line.slice('data: '.length)) as { usage?: Usage | null }
  const { usage } = chunk
  if (!usage) return { text: line }
  const completion = usage.completion_tokens * factor
  chunk.usage = { ...usage, completion_tokens: completion, total_tokens: usage.prompt_tokens + completion }
  return { text: `data: ${JSON.stringify(chunk)}`, usage }
}

function countsOf({ prompt_tokens: prompt, completion_tokens: tokensOut, prompt_tokens_details: details }: Usage) {
  const tokensCached = details?.cached_tokens ?? 0
  return { tokensIn: prompt - tokensCached, tokensCached, tokensOut }
}

async function textOf(request: IncomingMessage): Promise<string> {
  const parts: Buffer[] = []
  for await (const part of request as AsyncIterable<Buffer>) parts.push(part)
  return Buffer.concat(parts).toString('utf8')
}
