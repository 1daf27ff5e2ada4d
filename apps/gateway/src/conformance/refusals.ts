/** One refusal as each client tells of it: the same words and the same headers, whoever reads them. */
import assert from 'node:assert/strict'
import { APICallError, generateText, streamText } from 'ai'
import OpenAI from 'openai'
import type { Client, ConformanceCase, Mode } from './conformance-case.ts'
import type { Clients, ConformanceWorld } from './conformance-world.ts'

export interface Expected {
  status: number
  code: string
  /** Default: what all errors of its code have, or else of its status. */
  type?: string
  /** Default: none. */
  param?: string
}

export interface Ask {
  /** Whose clients; default: the world's own. */
  tenant?: string
  model: string
  content: string
  headers?: Record<string, string>
  /** Fields of a chat completion besides these. */
  body?: Record<string, unknown>
}

/** What a client can say of a refusal. */
export interface Told {
  status: number | undefined
  code: string
  type: string
  param: string | null
  message: string
  owner: string
  requestId: string
  /** Of a refusal for residency. */
  gateways?: unknown
  header: (name: string) => string | null
}

type Said = Pick<Told, 'code' | 'type' | 'param' | 'message' | 'owner' | 'gateways'> & { request_id: string }

export const CHAT = '/v1/chat/completions'
/** Each client, and how it asks. */
export const everyWay: readonly { client: Client; mode: Mode }[] = [
  { client: 'openai', mode: 'whole' },
  { client: 'openai', mode: 'stream' },
  { client: 'ai-sdk', mode: 'whole' },
  { client: 'ai-sdk', mode: 'stream' },
  { client: 'fetch', mode: 'whole' },
  { client: 'fetch', mode: 'stream' },
]
/** A retry may help. */
const retried = new Set(['rate_limit_exceeded', 'internal_error', 'provider_failed', 'provider_timeout', 'busy'])
/** Of codes where the type is not what all others of their status have. */
const types: Readonly<Record<string, string>> = {
  rate_limit_exceeded: 'requests',
  insufficient_quota: 'insufficient_quota',
  deadline_exceeded: 'timeout',
}
/** What the official client throws by status. */
const classes = new Map<number, abstract new (...args: never[]) => InstanceType<typeof OpenAI.APIError>>([
  [400, OpenAI.BadRequestError],
  [401, OpenAI.AuthenticationError],
  [404, OpenAI.NotFoundError],
  [413, OpenAI.APIError],
  [421, OpenAI.APIError],
  [429, OpenAI.RateLimitError],
  [502, OpenAI.InternalServerError],
  [503, OpenAI.InternalServerError],
  [504, OpenAI.InternalServerError],
])

/** Null where it was not refused. */
export async function tell(world: ConformanceWorld, client: Client, mode: Mode, ask: Ask): Promise<Told | null> {
  if (client === 'fetch') return ofResponse(await send(world, mode, ask))
  const clients = ask.tenant === undefined ? world : world.clientsOf(ask.tenant)
  return client === 'openai' ? byOpenai(clients, mode, ask) : byAiSdk(clients, mode, ask)
}

/** By `fetch`; the answer is read by the caller. */
export function send(
  world: ConformanceWorld,
  mode: Mode,
  { tenant, model, content, headers = {}, body = {} }: Ask,
): Promise<Response> {
  const key: Record<string, string> = tenant === undefined ? {} : { authorization: `Bearer iso_${tenant}` }
  const asked = { model, messages: [{ role: 'user', content }], stream: mode === 'stream', ...body }
  return world.post(CHAT, asked, { ...key, ...headers })
}

export async function ofResponse(response: Response): Promise<Told | null> {
  const text = await response.text()
  if (response.ok) return null
  const { error } = JSON.parse(text) as { error: Said }
  return {
    ...error,
    requestId: error.request_id,
    status: response.status,
    header: (name) => response.headers.get(name),
  }
}

async function byOpenai({ openai }: Clients, mode: Mode, { model, content, headers, body }: Ask): Promise<Told | null> {
  const asked = { model, messages: [{ role: 'user' as const, content }], ...body }
  const options = headers ? { headers } : {}
  try {
    if (mode === 'whole') await openai.chat.completions.create(asked, options)
    else for await (const _chunk of await openai.chat.completions.create({ ...asked, stream: true }, options)) continue
    return null
  } catch (thrown) {
    assert.ok(thrown instanceof OpenAI.APIError, String(thrown))
    const expected = classes.get(thrown.status as number)
    assert.ok(expected && thrown instanceof expected, `${thrown.constructor.name} for ${thrown.status}`)
    const said = thrown.error as Said
    // What the client makes fields of is what was said.
    assert.deepEqual([thrown.code, thrown.type, thrown.param], [said.code, said.type, said.param])
    assert.equal(thrown.requestID, said.request_id)
    const answered = thrown.headers as Headers
    return {
      ...said,
      status: thrown.status as number,
      requestId: said.request_id,
      header: (name) => answered.get(name),
    }
  }
}

async function byAiSdk(
  { compatible }: Clients,
  mode: Mode,
  { model, content, headers, body }: Ask,
): Promise<Told | null> {
  const asked = {
    model: compatible(model),
    prompt: content,
    maxRetries: 0,
    ...(headers && { headers }),
    ...(body && { providerOptions: { isochrone: body as Record<string, never> } }),
  }
  let thrown: unknown
  if (mode === 'whole') await generateText(asked).catch((error: unknown) => (thrown = error))
  else {
    const { fullStream } = streamText({ ...asked, onError: () => undefined })
    for await (const part of fullStream) if (part.type === 'error') thrown = part.error
  }
  if (thrown === undefined) return null
  assert.ok(APICallError.isInstance(thrown), 'an error of another class')
  const { error } = JSON.parse(thrown.responseBody ?? '') as { error: Said }
  assert.equal(thrown.message, error.message)
  const { responseHeaders = {}, statusCode } = thrown
  return { ...error, status: statusCode, requestId: error.request_id, header: (name) => responseHeaders[name] ?? null }
}

/** Asserts all of it, and what stands in its headers. */
export function mustBe(told: Told | null, { status, code, param, ...expected }: Expected): asserts told is Told {
  assert.ok(told, 'it was not refused')
  const type = expected.type ?? types[code] ?? (status < 500 ? 'invalid_request_error' : 'server_error')
  assert.deepEqual([told.status, told.code, told.type, told.param], [status, code, type, param ?? null])
  assert.match(told.requestId, /^req_/)
  assert.equal(told.requestId, told.header('x-request-id'))
  const after = told.header('retry-after')
  if (after !== null) assert.match(after, /^[1-9]\d*$/)
  // Want of capacity without a time is one that waiting does not mend.
  const helps = retried.has(code) || (code === 'capacity_unavailable' && after !== null)
  assert.equal(told.header('x-should-retry'), helps ? null : 'false')
  if (status === 429 && helps) assert.notEqual(after, null)
}

/** The same refusal to every client, whole and streamed. `more` looks at what only this one has. */
export function refusesAll(
  feature: string,
  expected: Expected,
  provoke: (world: ConformanceWorld, told: (ask: Ask) => Promise<Told | null>) => Promise<Told | null>,
  ways: readonly { client: Client; mode: Mode }[] = everyWay,
): ConformanceCase[] {
  return ways.map(({ client, mode }) => ({
    area: 'errors',
    feature: `${feature}: ${expected.status} \`${expected.code}\``,
    client,
    mode,
    proves: [expected.code],
    async run(world) {
      mustBe(await provoke(world, (ask) => tell(world, client, mode, ask)), expected)
    },
  }))
}
