/** Sealed requests on real processes: answers as in clear, exact bills, and nothing to be read anywhere between client and node. */
import { execFile, type ChildProcess } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { sealedFetch, type Candidate, type SealedFetchOptions } from '@isochrone/client'
import { createSealingKeyPair, newSealedId, sealRequest } from '@isochrone/protocol/sealed'
import OpenAI from 'openai'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { startScriptedUpstream, UPSTREAM_MODEL, type ScriptedUpstream } from '../conformance/scripted-upstream.ts'
import { processesOf, searchFiles, searchMemory } from '../reliability/search-canary.ts'
import { closeWorldEpoch } from '../testing/close-world-epoch.ts'
import { startGatewayWorld, until, WORLD_KEY, type GatewayWorld } from '../testing/gateway-world.ts'
import { openBrowserPage } from './browser-page.ts'
import { mismatchesIn } from '../testing/verify-file.ts'

let world: GatewayWorld
let upstream: ScriptedUpstream
let gateway: ChildProcess
let agents: ChildProcess[]
vi.setConfig({ testTimeout: 240_000 })

beforeAll(async () => {
  upstream = await startScriptedUpstream()
  world = await startGatewayWorld(2, 100_000_000n)
  gateway = await world.startGateway()
  agents = [0, 1].map((index) => world.startAgent(index, ['--engine', 'openai', '--engine-url', upstream.url]))
  await world.linked(2)
}, 240_000)
afterAll(async () => {
  await world?.stop()
  await upstream?.close()
})

const openaiBy = (sender?: typeof fetch) =>
  new OpenAI({ apiKey: WORLD_KEY, baseURL: `${world.url}/v1`, maxRetries: 0, ...(sender && { fetch: sender }) })
const sealed = (options: SealedFetchOptions = {}) => openaiBy(sealedFetch({ trustGateway: true, ...options }))
const urlOf = (input: string | URL | Request) => new Request(input).url
const say = (content: string) => ({ model: UPSTREAM_MODEL, messages: [{ role: 'user' as const, content }] })
const errorOf = async (promise: Promise<unknown>) => {
  const error = await promise.then(
    () => null,
    (thrown: unknown) => thrown,
  )
  return error instanceof OpenAI.APIError ? { status: error.status, code: error.code, message: error.message } : error
}
const readAll = async (stream: Promise<AsyncIterable<OpenAI.ChatCompletionChunk>>) => {
  let text = ''
  for await (const chunk of await stream) text += chunk.choices[0]?.delta.content ?? ''
  return text
}
/** A sender that changes what the gateway sends back, as a gateway could. */
const meddling = (change: (events: string[]) => string[]) =>
  sealed({
    async fetch(input, init) {
      const response = await fetch(input, init)
      if (!urlOf(input).endsWith('/chat/completions')) return response
      return new Response(change((await response.text()).split(/(?<=\n\n)/)).join(''), response)
    },
  })
const entryOf = async (requestId: string) => {
  let found
  await until(async () => {
    found = (await world.published()).find((entry) => 'receipts' in entry && entry.request.requestId === requestId)
    return found !== undefined
  })
  if (!found || !('receipts' in found)) throw new Error('no outcome')
  return found as Extract<Awaited<ReturnType<typeof world.published>>[number], { receipts: unknown }>
}

test('a sealed answer is the answer in clear, streamed and whole, with tools and an exact bill', async () => {
  const ask = { ...say('Tell me about light.'), max_tokens: 40 }
  const tools = [{ type: 'function' as const, function: { name: 'weather', parameters: {} } }]
  for (const more of [
    {},
    { tools },
    { n: 2 },
    { response_format: { type: 'json_object' as const } },
    { stop: 'three' },
  ]) {
    const hidden = await sealed().chat.completions.create({ ...ask, ...more })
    const open = await openaiBy().chat.completions.create({ ...ask, ...more })
    expect(hidden.choices).toEqual(open.choices)
    expect(hidden.usage).toEqual(open.usage)
    expect([hidden.object, hidden.model]).toEqual([open.object, open.model])
  }
  const open = await openaiBy().chat.completions.create(ask)
  const { data, response } = await sealed()
    .chat.completions.create({ ...ask, stream: true, stream_options: { include_usage: true } })
    .withResponse()
  let text = ''
  let last: OpenAI.ChatCompletionChunk | undefined
  for await (const chunk of data) {
    text += chunk.choices[0]?.delta.content ?? ''
    last = chunk
  }
  expect(text).toBe(open.choices[0]?.message.content)
  expect(last?.usage).toEqual(open.usage)
  const { isochrone } = last as unknown as { isochrone: { priceMicroUsd: string; sealed: { counted: object } } }
  expect(isochrone.sealed.counted).toEqual({ tokens_in: 9, tokens_cached: 4, tokens_out: 4 })
  const { receipts, request } = await entryOf(response.headers.get('x-request-id') ?? '')
  expect(receipts.map(({ delivery }) => [delivery.billedIn, delivery.billedCached, delivery.billedOut])).toEqual([
    [5, 4, 4],
  ])
  expect(request.priceMicroUsd).toBe(isochrone.priceMicroUsd)
})

test('what is changed, cut, swapped or slipped in on the way is noticed', async () => {
  const ask = { ...say('Tell me about light.'), stream: true as const }
  const parts = (events: string[]) => events.filter((event) => event.includes('"sealed":{'))
  const forged = `data: ${JSON.stringify({ id: 'x', choices: [{ index: 0, delta: { content: 'forged' } }] })}\n\n`
  const ends = 'data: [DONE]\n\n'
  const changes: [string, (events: string[]) => string[]][] = [
    ['sealed_truncated', (events) => parts(events).slice(0, 3)],
    ['sealed_truncated', (events) => [...parts(events).slice(0, -1), ends]],
    ['sealed_tampered', (events) => events.filter((event) => event !== parts(events)[1])],
    ['sealed_tampered', ([first = '', second = '', ...rest]) => [second, first, ...rest]],
    ['sealed_tampered', ([first = '', ...rest]) => [first, first, ...rest]],
    ['sealed_tampered', ([first = '', ...rest]) => [first, forged, ...rest]],
    [
      'sealed_tampered',
      (events) => events.map((event, at) => (at === 1 ? event.replace(/"data":"../, '"data":"__') : event)),
    ],
  ]
  for (const [code, change] of changes) {
    expect(await errorOf(readAll(meddling(change).chat.completions.create(ask)))).toMatchObject({ code })
  }
  const whole = sealed({
    async fetch(input, init) {
      const response = await fetch(input, init)
      if (!urlOf(input).endsWith('/chat/completions')) return response
      const json = (await response.json()) as { sealed: unknown[] }
      return Response.json({ ...json, sealed: json.sealed.slice(0, -1) })
    },
  })
  expect(await errorOf(whole.chat.completions.create(say('Hi')))).toMatchObject({
    status: 502,
    code: 'sealed_truncated',
  })
})

/** What broke off was delivered, and is billed: a client that tried again by itself would pay for it again. */
test('a whole answer that breaks off, or is none, is not asked for again by the client itself', async () => {
  const broken = () =>
    new ReadableStream<Uint8Array>({
      start(controller) {
        controller.enqueue(new TextEncoder().encode('{"sealed":['))
        controller.error(new TypeError('terminated'))
      },
    })
  for (const [code, bodyOf] of [
    ['sealed_truncated', broken],
    ['sealed_tampered', () => '<html>'],
    ['sealed_tampered', () => 'null'],
  ] as const) {
    let sent = 0
    const cut = sealedFetch({
      trustGateway: true,
      async fetch(input, init) {
        const response = await fetch(input, init)
        if (!urlOf(input).endsWith('/chat/completions')) return response
        sent += 1
        await response.body?.cancel()
        return new Response(bodyOf(), { headers: { 'content-type': 'application/json' } })
      },
    })
    const patient = new OpenAI({ apiKey: WORLD_KEY, baseURL: `${world.url}/v1`, maxRetries: 2, fetch: cut })
    expect(await errorOf(patient.chat.completions.create(say('Hi')))).toMatchObject({ status: 502, code })
    expect(sent).toBe(1)
  }
})

/** Sends a body as it is, and says what came back. */
async function send(body: unknown): Promise<{ status: number; code: unknown }> {
  const response = await fetch(`${world.url}/v1/chat/completions`, {
    method: 'POST',
    headers: { authorization: `Bearer ${WORLD_KEY}`, 'content-type': 'application/json' },
    body: JSON.stringify(body),
  })
  const { error } = (await response.json()) as { error?: { code: string } }
  return { status: response.status, code: error?.code }
}

test('what was not sealed as it is sent, not now, or not to a node that is here is refused by name', async () => {
  let key = ''
  await sealed({ accept: ({ publicKey }: Candidate) => Boolean((key ||= publicKey)) }).chat.completions.create(
    say('Hi'),
  )
  const make = async (change: object = {}, keys = [key]) => {
    const clear = { model: UPSTREAM_MODEL, stream: false, max_tokens: 16 }
    const header = {
      v: 1 as const,
      id: newSealedId(),
      at: Date.now(),
      path: '/v1/chat/completions' as const,
      routing: null,
    }
    const { envelope } = await sealRequest({ ...header, ...clear, keys, ...change }, JSON.stringify(say('Hi')))
    return { ...clear, sealed: envelope }
  }
  const good = await make()
  expect(await send(good)).toEqual({ status: 200, code: undefined })
  // The one node whose key it is opens it once.
  expect(await send(good)).toEqual({ status: 400, code: 'sealed_replayed' })
  const stranger = await createSealingKeyPair()
  expect(await send(await make({}, [stranger.publicKey]))).toEqual({ status: 400, code: 'sealed_key_unknown' })
  expect(await send(await make({ at: Date.now() - 660_000 }))).toEqual({ status: 400, code: 'sealed_expired' })
  expect(await send(await make({ at: Date.now() + 600_000 }))).toEqual({ status: 400, code: 'sealed_expired' })
  const other = await make()
  const swapped = { ...other, sealed: { ...other.sealed, ciphertext: (await make()).sealed.ciphertext } }
  expect(await send(swapped)).toEqual({ status: 400, code: 'sealed_altered' })
  for (const clear of [{ max_tokens: 17 }, { stream: true }, { routing: { sort: 'price' } }]) {
    expect(await send({ ...(await make()), ...clear })).toEqual({ status: 400, code: 'sealed_altered' })
  }
  // Whoever forgets to seal a prompt has not sent it on, and nobody is charged.
  expect(await send({ ...(await make()), ...say('in clear') })).toEqual({ status: 400, code: 'invalid_request' })
  for (const envelope of [{}, { ...good.sealed, recipients: [] }, { ...good.sealed, header: 'e30' }, 'x', 7]) {
    expect(await send({ ...good, sealed: envelope })).toEqual({ status: 400, code: 'invalid_request' })
  }
  const queued = await fetch(`${world.url}/v1/chat/completions`, {
    method: 'POST',
    headers: { authorization: `Bearer ${WORLD_KEY}`, 'content-type': 'application/json', 'x-isochrone-queue': '1' },
    body: JSON.stringify(await make()),
  })
  expect(queued.status).toBe(400)
})

test('a client seals to nobody whom it does not accept, to no forged key, and sends nothing that it cannot seal', async () => {
  const sent: string[] = []
  const watched = (options: SealedFetchOptions) =>
    sealed({ ...options, fetch: (input, init) => (sent.push(urlOf(input)), fetch(input, init)) })
  const refusals: [string, OpenAI][] = [
    ['sealed_no_candidates', watched({ accept: () => false })],
    ['sealed_no_candidates', watched({ nodes: [`0x${'00'.repeat(32)}`] })],
    // Signed for another chain than the one that the client trusts.
    ['sealed_bad_key', watched({ signing: { chainId: 1, verifyingContract: `0x${'e1'.repeat(20)}` } })],
  ]
  for (const [code, openai] of refusals) {
    expect(await errorOf(openai.chat.completions.create(say('Hi')))).toMatchObject({ status: 502, code })
  }
  const forging = sealed({
    async fetch(input, init) {
      const response = await fetch(input, init)
      if (!urlOf(input).endsWith('/candidates')) return response
      const list = (await response.json()) as { data: { key: { public_key: string } }[] }
      const { publicKey } = await createSealingKeyPair()
      for (const { key } of list.data) key.public_key = publicKey
      return Response.json(list)
    },
  })
  expect(await errorOf(forging.chat.completions.create(say('Hi')))).toMatchObject({ code: 'sealed_bad_key' })
  const unsealable = watched({})
  expect(await errorOf(unsealable.embeddings.create({ model: UPSTREAM_MODEL, input: 'secret' }))).toMatchObject({
    status: 400,
    code: 'sealed_unsupported',
  })
  const key = { headers: { 'idempotency-key': 'k' } }
  expect(await errorOf(unsealable.chat.completions.create(say('Hi'), key))).toMatchObject({
    code: 'sealed_unsupported',
  })
  expect(new Set(sent.map((url) => new URL(url).pathname))).toEqual(new Set(['/v1/sealed/candidates']))
})

test('only the client reads why its engine refused, and a node that dies ends the stream with an error', async () => {
  const refused = await errorOf(sealed().chat.completions.create(say('REFUSE')))
  expect(refused).toMatchObject({ status: 400, message: expect.stringContaining('temperature: must be below 1') })
  const published = async () => JSON.stringify(await world.published())
  await until(async () => (await published()).includes('the engine refused the request'))
  expect(await published()).not.toContain('temperature: must be below 1')
  expect(await errorOf(readAll(sealed().chat.completions.create({ ...say('DIE'), stream: true })))).toMatchObject({
    code: 'provider_failed',
  })
})

test('the helper works in a browser, whose own server sees nothing either', async () => {
  const browser = await openBrowserPage(world.url, WORLD_KEY)
  try {
    const prompt = `swallow-${randomUUID()}`
    const answers = await browser.page.evaluate(`globalThis.ask('${UPSTREAM_MODEL}', '${prompt}')`)
    expect(answers).toEqual({ whole: 'one two three four', text: 'one two three four' })
    expect(browser.sent.length).toBeGreaterThan(2)
    expect(browser.sent.join('')).not.toContain(prompt)
    // Two requests, each once, or once more where a node was late and the other one was asked too.
    const read = upstream.received.filter(({ body }) => JSON.stringify(body).includes(prompt))
    expect(read.length).toBeGreaterThanOrEqual(2)
  } finally {
    await browser.close()
  }
})

test('the example in docs/API.md works as it is pasted', async () => {
  const root = fileURLToPath(new URL('../../../../', import.meta.url))
  const [, example = ''] =
    /```js\n(import OpenAI[\s\S]*?)```/.exec(readFileSync(join(root, 'docs/API.md'), 'utf8')) ?? []
  const here = { 'http://127.0.0.1:4001': world.url, YOUR_KEY: WORLD_KEY, 'isochrone-demo-tiny': UPSTREAM_MODEL }
  const text = Object.entries(here).reduce((source, [theirs, ours]) => {
    expect(source).toContain(theirs)
    return source.replace(theirs, ours)
  }, example)
  const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '--eval', text], { cwd: root })
  expect(stdout).toBe('one two three four')
})

test('a node that was started anew has another key: the client asks again and is answered', async () => {
  const openai = sealed()
  await openai.chat.completions.create(say('Hi'))
  for (const agent of agents) {
    agent.kill('SIGKILL')
    await once(agent, 'exit')
  }
  await world.linked(0)
  agents = [0, 1].map((index) => world.startAgent(index, ['--engine', 'openai', '--engine-url', upstream.url]))
  await world.linked(2)
  // Its list is fresh for half a minute, and names keys that nobody has any more.
  const { choices } = await openai.chat.completions.create(say('Hi'))
  expect(choices[0]?.message.content).toBe('one two three four')
})

test('the public verifier finds nothing amiss in the receipts of sealed requests', async () => {
  expect(await mismatchesIn(await closeWorldEpoch(world))).toEqual([])
})

// Last, because the search keeps this process, and the engine in it, from answering.
test('neither prompt nor answer is in the memory, files, logs or stores of anybody but the node', async () => {
  const [hidden, spoken] = [`heron-${randomUUID()}`, `otter-${randomUUID()}`]
  const said = await sealed().chat.completions.create(say(hidden))
  expect(said.choices[0]?.message.content).toBe('one two three four')
  // With `echo` the canary is in the answer too.
  const echoed = await sealed().completions.create({ model: UPSTREAM_MODEL, prompt: hidden, echo: true, max_tokens: 9 })
  expect(echoed.choices[0]?.text).toContain(hidden)
  expect(await readAll(sealed().chat.completions.create({ ...say(hidden), stream: true }))).not.toBe('')
  expect(upstream.received.some(({ body }) => JSON.stringify(body).includes(hidden))).toBe(true)
  await entryOf((said as unknown as { isochrone: { requestId: string } }).isochrone.requestId)
  // What is sent in clear the same search finds, so that what it does not find is not there.
  await openaiBy().chat.completions.create(say(spoken))

  const nodes = new Set(agents.map(({ pid }) => pid))
  const stores = processesOf(world.stack.dir).filter((pid) => !nodes.has(pid) && pid !== process.pid)
  expect(stores.length).toBeGreaterThan(2)
  const others = [gateway.pid ?? 0, ...stores]
  const holding = (text: string) => others.filter((pid) => searchMemory(pid, text).found)
  expect(holding(spoken)).toContain(gateway.pid)
  expect(holding(hidden)).toEqual([])
  expect(searchFiles(world.stack.dir, hidden).found).toEqual([])
  expect(readdirSync(world.stack.dir)).toContain('gateway')
})
