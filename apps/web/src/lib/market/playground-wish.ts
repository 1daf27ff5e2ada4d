/** What the playground's form holds, as the request that it becomes, and as code that sends the same. */

export const sorts = ['balanced', 'price', 'latency', 'throughput'] as const
export type PlaygroundSort = (typeof sorts)[number]

export interface Turn {
  role: 'user' | 'assistant'
  content: string
}

/** Numbers are the text that was typed; empty says nothing. */
export interface PlaygroundWish {
  model: string
  sort: PlaygroundSort
  regions: string
  maxOutputUsd: string
  maxRequestUsd: string
  ttftSloMs: string
  tpotSloMs: string
  maxTokens: string
  temperature: string
}

export const emptyWish: Omit<PlaygroundWish, 'model'> = {
  sort: 'balanced',
  regions: '',
  maxOutputUsd: '',
  maxRequestUsd: '',
  ttftSloMs: '',
  tpotSloMs: '',
  maxTokens: '256',
  temperature: '',
}

type Json = { [key: string]: unknown }

/** The policy in the words of the API, without what the form does not say. */
export function routingOfWish(wish: PlaygroundWish): Json {
  const regions = wish.regions.split(/[\s,]+/).filter((word) => word !== '')
  const maxPrice = said({ output: numberOf(wish.maxOutputUsd), request: numberOf(wish.maxRequestUsd) })
  return said({
    sort: wish.sort === 'balanced' ? undefined : wish.sort,
    regions: regions.length > 0 ? regions : undefined,
    max_price: Object.keys(maxPrice).length > 0 ? maxPrice : undefined,
    ttft_slo_ms: numberOf(wish.ttftSloMs),
    tpot_slo_ms: numberOf(wish.tpotSloMs),
  })
}

/** The body for `POST /api/playground`. */
export function relayBodyOf(wish: PlaygroundWish, messages: readonly Turn[]): Json {
  return said({
    model: wish.model,
    messages,
    maxTokens: numberOf(wish.maxTokens) ?? 256,
    temperature: numberOf(wish.temperature),
    routing: routingOfWish(wish),
  })
}

/** The body that a program would send to a gateway. */
export function gatewayBodyOf(wish: PlaygroundWish, messages: readonly Turn[]): Json {
  const routing = routingOfWish(wish)
  return said({
    model: wish.model,
    messages,
    max_tokens: numberOf(wish.maxTokens) ?? 256,
    temperature: numberOf(wish.temperature),
    stream: true,
    stream_options: { include_usage: true },
    routing: Object.keys(routing).length > 0 ? routing : undefined,
  })
}

/** For a POSIX shell: inside single quotes only a single quote means something. */
export function curlOf(gatewayUrl: string, body: Json): string {
  const data = JSON.stringify(body).replaceAll("'", String.raw`'\''`)
  return `curl -N ${gatewayUrl}/v1/chat/completions \\
  -H "Authorization: Bearer $ISOCHRONE_API_KEY" \\
  -H "Content-Type: application/json" \\
  -d '${data}'`
}

/** For OpenAI's library in Node. `routing` is ours, which its types do not know. */
export function sdkOf(gatewayUrl: string, body: Json): string {
  const { stream: _stream, ...rest } = body
  const params = JSON.stringify(rest, null, 2)
    .slice(1, -2)
    .replace(/\n {2}"([a-z_]+)": /g, '\n  $1: ')
  return `import { env } from 'node:process'
import OpenAI from 'openai'

const client = new OpenAI({
  baseURL: '${gatewayUrl}/v1',
  apiKey: env.ISOCHRONE_API_KEY,
})
const stream = await client.chat.completions.create({${params},
  stream: true,
})
for await (const chunk of stream) {
  process.stdout.write(chunk.choices[0]?.delta.content ?? '')
}`
}

function said(fields: Json): Json {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined))
}

/** What is no number goes out as text, so that the server says what is wrong with it. */
function numberOf(text: string): number | string | undefined {
  const trimmed = text.trim()
  if (trimmed === '') return undefined
  return /^\d+(\.\d+)?$/.test(trimmed) ? Number(trimmed) : trimmed
}
