/** One request between its placement and its receipts, on real processes: a node dies, a client leaves, one reads slowly, the gateway stops. */
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { request, type IncomingMessage } from 'node:http'
import { connect } from 'node:net'
import { gatewayEnv } from '@isochrone/runtime'
import OpenAI from 'openai'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { RUNNING_MS_MAX } from './idempotency/idempotency.ts'
import { closeWorldEpoch } from './testing/close-world-epoch.ts'
import { startGatewayWorld, until, WORLD_KEY, type GatewayWorld } from './testing/gateway-world.ts'
import { ENGINE_MODEL, startScriptedEngine, type ScriptedStream } from './testing/scripted-engine.ts'
import { mismatchesIn } from './testing/verify-file.ts'

let world: GatewayWorld
let gateway: ChildProcess
let engine: Awaited<ReturnType<typeof startScriptedEngine>>
let openai: OpenAI
const agents: ChildProcess[] = []
// Processes start slowly on a busy machine.
vi.setConfig({ testTimeout: 240_000 })

beforeAll(async () => {
  engine = await startScriptedEngine()
  world = await startGatewayWorld(3, 100_000_000n)
  gateway = await world.startGateway()
  const llama = ['--engine', 'llama', '--context', '4096', '--models-dir', `${world.stack.dir}/models`]
  agents.push(world.startAgent(0, llama), world.startAgent(1, llama))
  agents.push(world.startAgent(2, ['--engine', 'openai', '--engine-url', engine.url]))
  await world.linked(3)
  openai = new OpenAI({ apiKey: WORLD_KEY, baseURL: `${world.url}/v1`, maxRetries: 0 })
}, 300_000)
afterAll(async () => {
  await world?.stop()
  engine?.close()
})

const messages = [{ role: 'user' as const, content: 'Tell me about light.' }]
const scripted = { model: ENGINE_MODEL, messages, max_tokens: 100_000 }

/** The engine's end of the request that is sent next. */
async function nextStream(): Promise<ScriptedStream> {
  const count = engine.streams.length
  await until(async () => engine.streams.length > count)
  return engine.streams[count] as ScriptedStream
}

test('a node that is killed in the middle of a stream costs the customer nothing: the same text, one bill a token', async () => {
  const model = (await openai.models.list()).data.find(({ id }) => id !== ENGINE_MODEL)?.id ?? ''
  const ask = { model, messages, max_tokens: 2_000, temperature: 0 }
  const whole = await openai.chat.completions.create(ask)
  const { data, response } = await openai.chat.completions
    .create({ ...ask, stream: true, stream_options: { include_usage: true } })
    .withResponse()
  const serving = Number(response.headers.get('x-isochrone-node')?.at(-1))
  let text = ''
  let chunks = 0
  let last: OpenAI.ChatCompletionChunk | undefined
  for await (const chunk of data) {
    if (++chunks === 20) agents[serving]?.kill('SIGKILL')
    text += chunk.choices[0]?.delta.content ?? ''
    last = chunk
  }
  expect(text).toBe(whole.choices[0]?.message.content)
  expect(last?.usage).toMatchObject({ prompt_tokens: whole.usage?.prompt_tokens, completion_tokens: 2_000 })
  const { continuations } = (last as unknown as { isochrone: { continuations?: { afterTokens: number }[] } }).isochrone
  expect(continuations).toHaveLength(1)

  const requestId = response.headers.get('x-request-id')
  const entryOf = async () =>
    (await world.published()).find((entry) => 'receipts' in entry && entry.request.requestId === requestId)
  await until(async () => (await entryOf()) !== undefined)
  const entry = await entryOf()
  const deliveries = entry && 'receipts' in entry ? entry.receipts.map(({ delivery }) => delivery) : []
  expect(deliveries.map(({ billedOut }) => Number(billedOut))).toEqual([
    continuations?.[0]?.afterTokens,
    2_000 - (continuations?.[0]?.afterTokens ?? 0),
  ])
  const billedIn = deliveries.map(({ billedIn: fresh, billedCached }) => Number(fresh) + Number(billedCached))
  expect(billedIn).toEqual([0, whole.usage?.prompt_tokens])

  // The public verifier agrees: prices follow, and nothing billed exceeds the work.
  expect(await mismatchesIn(await closeWorldEpoch(world))).toEqual([])
})

/** From a client's closed connection until its engine hears of it. */
async function timeToStop(): Promise<number> {
  const coming = nextStream()
  const socket = connect(Number(new URL(world.url).port), '127.0.0.1')
  const body = JSON.stringify({ ...scripted, stream: true })
  const head = `POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ${WORLD_KEY}\r\n`
  socket.write(`${head}content-type: application/json\r\ncontent-length: ${body.length}\r\n\r\n${body}`)
  const stream = await coming
  stream.say('One')
  await once(socket, 'data')
  const closedAtMs = performance.now()
  socket.destroy()
  await until(async () => stream.goneAtMs !== null)
  return (stream.goneAtMs ?? 0) - closedAtMs
}

/** The shortest of some: a busy machine only adds to what it takes. */
test('a client that closes its connection stops the engine within 50 ms', async () => {
  let shortestMs = Infinity
  for (let tries = 0; tries < 20 && shortestMs >= 50; tries++) shortestMs = Math.min(shortestMs, await timeToStop())
  process.stdout.write(`from the closed socket to the engine's end of its stream: ${shortestMs.toFixed(1)} ms\n`)
  expect(shortestMs).toBeLessThan(50)
})

test('a reader that stops holds the engine back, and loses nothing when it goes on', async () => {
  const coming = nextStream()
  // A client that reads nothing unless it is asked to: fetch reads ahead.
  const asking = request(`${world.url}/v1/chat/completions`, {
    method: 'POST',
    headers: { authorization: `Bearer ${WORLD_KEY}`, 'content-type': 'application/json' },
  })
  asking.end(JSON.stringify({ ...scripted, stream: true }))
  const answered = once(asking, 'response')
  const stream = await coming
  // The engine has far more to say than sockets and credits hold; it says it only as fast as it is taken.
  const word = (index: number) => `${String(index).padStart(6, '0')}${'x'.repeat(4_090)}`
  const total = 8_000
  let said = 0
  const saying = (async () => {
    while (said < total) {
      if (!stream.say(word(said++))) await stream.drained()
    }
    stream.finish()
  })()
  let before = -1
  await until(async () => {
    const isHeld = said === before
    before = said
    if (!isHeld) await new Promise((resolve) => setTimeout(resolve, 300))
    return isHeld
  })
  process.stdout.write(
    `held back after ${said} of ${total} tokens, ${Math.round((said * 4_200) / 1e6)} MB on the way\n`,
  )
  expect(said).toBeLessThan(total)
  const [response] = (await answered) as [IncomingMessage]
  let text = ''
  let next = 0
  for await (const part of response.setEncoding('utf8') as AsyncIterable<string>) {
    text += part
    const events = text.split('\n\n')
    text = events.pop() ?? ''
    for (const event of events) {
      // What came together may go on together, whole and in order.
      for (const [, index] of event.matchAll(/(\d{6})x{4090}/g)) expect(Number(index)).toBe(next++)
    }
  }
  await saying
  expect(next).toBe(total)
})

test('a time limit that ends what a node has signed for is billed once, however often its key comes again', async () => {
  const ask = () =>
    fetch(`${world.url}/v1/chat/completions`, {
      method: 'POST',
      headers: {
        authorization: `Bearer ${WORLD_KEY}`,
        'content-type': 'application/json',
        'idempotency-key': 'limited',
        'x-isochrone-timeout-ms': '5000',
      },
      body: JSON.stringify(scripted),
    })
  const coming = nextStream()
  const asking = ask()
  const stream = await coming
  stream.say('One')
  const first = await asking
  const again = await ask()
  expect([first.status, again.status]).toEqual([504, 504])
  expect(await again.text()).toBe(await first.text())
  const requestId = first.headers.get('x-request-id')
  expect(again.headers.get('x-request-id')).toBe(requestId)
  expect(engine.streams.at(-1)).toBe(stream)
  const entryOf = async () =>
    (await world.published()).find((entry) => 'receipts' in entry && entry.request.requestId === requestId)
  await until(async () => (await entryOf()) !== undefined)
  const entry = await entryOf()
  if (!entry || !('receipts' in entry)) throw new Error('no outcome')
  expect(BigInt(entry.request.priceMicroUsd)).toBeGreaterThan(0n)
  expect(entry.receipts.map(({ work }) => work !== null)).toEqual([true])
})

test('a request whose gateway was killed is refused under its key within seconds, and is not run again', async () => {
  const second = await world.startGateway(1)
  const there = new OpenAI({ apiKey: WORLD_KEY, baseURL: `${world.urlOf(1)}/v1`, maxRetries: 0 })
  await until(async () => (await there.models.list()).data.some(({ id }) => id === ENGINE_MODEL))
  const ask = (url: string) =>
    fetch(`${url}/v1/chat/completions`, {
      method: 'POST',
      headers: {
        authorization: `Bearer ${WORLD_KEY}`,
        'content-type': 'application/json',
        'idempotency-key': 'orphan',
      },
      body: JSON.stringify(scripted),
    })
  const coming = nextStream()
  const first = ask(world.urlOf(1))
  const stream = await coming
  stream.say('One')
  second.kill('SIGKILL')
  await expect(first).rejects.toThrow()
  const askedAt = performance.now()
  const refused = await ask(world.url)
  expect(performance.now() - askedAt).toBeLessThan(20_000)
  expect([refused.status, refused.headers.get('retry-after')]).toEqual([409, '10'])
  expect(await refused.text()).toMatch(/ran req_\w+ under this key is not heard of any more/)
  // Back on the same lane, it does not know the request either.
  await world.startGateway(1)
  expect((await ask(world.urlOf(1))).status).toBe(409)
  expect(engine.streams.at(-1)).toBe(stream)
})

/** Else an operator would have to know of it: by default a stop cuts nothing. */
test('by default a gateway that is told to stop waits for as long as any request may run', () => {
  expect(gatewayEnv.shape.GATEWAY_DRAIN_MS.parse(undefined)).toBeGreaterThanOrEqual(RUNNING_MS_MAX)
})

test('a gateway that is told to stop lets every stream end first, and refuses who comes meanwhile', async () => {
  const coming = nextStream()
  const ended = openai.chat.completions.create({ ...scripted, stream: true }).then(async (stream) => {
    let text = ''
    for await (const chunk of stream) text += chunk.choices[0]?.delta.content ?? ''
    return text
  })
  const stream = await coming
  stream.say('One')
  const background = await openai.responses.create({ model: ENGINE_MODEL, input: 'Later.', background: true })
  const following = await openai.responses.retrieve(background.id, { stream: true })
  let followed = 'nothing'
  const over = (async () => {
    for await (const { type } of following) followed = type
    return followed
  })()
  await until(async () => followed === 'response.in_progress')
  gateway.kill('SIGTERM')
  await until(async () => (await fetch(`${world.url}/healthz`)).status === 503)
  const refused = await fetch(`${world.url}/v1/models`, { headers: { authorization: `Bearer ${WORLD_KEY}` } })
  expect([refused.status, refused.headers.get('retry-after'), refused.headers.get('connection')]).toEqual([
    503,
    '1',
    'close',
  ])
  stream.say(' two')
  stream.finish()
  expect(await ended).toBe('One two')
  const exited = once(gateway, 'exit')
  // Nothing computes any more, and one still follows.
  await new Promise((resolve) => setTimeout(resolve, 1_000))
  expect([followed, gateway.exitCode]).toEqual(['response.in_progress', null])
  const id = background.id.replace('resp_', 'job_')
  await world.db.job.update({ where: { id }, data: { status: 'cancelled', finishedAt: new Date() } })
  expect(await over).toBe('response.cancelled')
  expect(await exited).toEqual([0, null])
})
