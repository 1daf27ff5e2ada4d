/** A customer as it is: plain HTTP, and exactly what came back, also where the connection broke in the middle. */
import { Agent, request, type IncomingMessage } from 'node:http'
import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'

export interface Seen {
  /** HTTP status; 0 where no answer came. */
  readonly status: number
  readonly requestId: string | null
  /** Node of the first token. */
  readonly node: string | null
  readonly text: string
  /** `[DONE]` or a whole JSON answer came. */
  readonly whole: boolean
  readonly errorCode: string | null
  readonly errorMessage: string | null
  readonly retry: string | null
  /** When it may come again, s; null where that is not said. */
  readonly retryAfterS: number | null
  readonly ttftMs: number
  /** Comment lines of the stream. */
  readonly comments: readonly string[]
  readonly completionTokens: number | null
}

export interface Ask {
  readonly url: string
  readonly key: string
  readonly body: Record<string, unknown> | string
  /** Called with the text so far after each piece; a promise holds the reading up. */
  readonly onText?: (text: string, node: string | null) => void | Promise<void>
  readonly path?: string
}

const agent = new Agent({ keepAlive: true, maxSockets: 8_192 })

/** Sends one request; never throws. */
export async function ask(options: Ask): Promise<Seen> {
  const { url, key, path = '/v1/chat/completions' } = options
  const body = typeof options.body === 'string' ? options.body : JSON.stringify(options.body)
  const startedAt = performance.now()
  const headers = {
    authorization: `Bearer ${key}`,
    'content-type': 'application/json',
    'content-length': String(Buffer.byteLength(body)),
  }
  const call = request(`${url}${path}`, { method: 'POST', headers, agent })
  try {
    call.on('error', () => undefined)
    call.end(body)
    const [response] = (await once(call, 'response')) as [IncomingMessage]
    return await read(response, options, startedAt)
  } catch (error) {
    return { ...nothing, status: 0, errorMessage: error instanceof Error ? error.message : String(error) }
  }
}

const nothing: Seen = {
  status: 0,
  requestId: null,
  node: null,
  text: '',
  whole: false,
  errorCode: null,
  errorMessage: null,
  retry: null,
  retryAfterS: null,
  ttftMs: Number.NaN,
  comments: [],
  completionTokens: null,
}

interface Json {
  choices?: { delta?: { content?: string | null }; message?: { content?: string }; text?: string }[]
  error?: { code?: string; message?: string }
  usage?: { completion_tokens?: number } | null
}

async function read(response: IncomingMessage, { onText }: Ask, startedAt: number): Promise<Seen> {
  const header = (name: string): string | null => String(response.headers[name] ?? '') || null
  const node = header('x-isochrone-node')
  const seen = {
    ...nothing,
    status: response.statusCode ?? 0,
    requestId: header('x-request-id'),
    node,
    retry: header('x-should-retry'),
    retryAfterS: header('retry-after') === null ? null : Number(header('retry-after')),
    comments: [] as string[],
  }
  const take = (json: Json): void => {
    const choice = json.choices?.[0]
    const text = choice?.delta?.content ?? choice?.message?.content ?? choice?.text ?? ''
    if (text !== '' && Number.isNaN(seen.ttftMs)) seen.ttftMs = performance.now() - startedAt
    seen.text += text
    if (json.error) {
      seen.errorCode = json.error.code ?? 'unnamed'
      seen.errorMessage = json.error.message ?? null
    }
    if (json.usage?.completion_tokens !== undefined) seen.completionTokens = json.usage.completion_tokens
  }
  let rest = ''
  const streams = header('content-type')?.includes('text/event-stream') === true
  response.setEncoding('utf8')
  try {
    for await (const piece of response) {
      rest += String(piece)
      if (!streams) continue
      const lines = rest.split('\n')
      rest = lines.pop() ?? ''
      for (const line of lines) {
        if (line === 'data: [DONE]') seen.whole = true
        else if (line.startsWith('data: ')) take(JSON.parse(line.slice(6)) as Json)
        else if (line.startsWith(':')) seen.comments.push(line)
      }
      await onText?.(seen.text, node)
    }
    if (!streams) {
      take(JSON.parse(rest) as Json)
      seen.whole = true
    }
  } catch {
    seen.whole = false
  }
  return seen
}

/** `total` requests, at most `width` at once. */
export async function many(total: number, width: number, one: (index: number) => Promise<void>): Promise<void> {
  let next = 0
  const line = async (): Promise<void> => {
    while (next < total) await one(next++)
  }
  await Promise.all(Array.from({ length: Math.min(width, total) }, line))
}

export { sleep }
