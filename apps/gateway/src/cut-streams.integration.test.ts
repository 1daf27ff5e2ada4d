/**
 * Streams that end before their answer does, on real processes: each ends with a frame that says why, is billed once for what
 * was delivered, and has a receipt that its node signed.
 */
import { once } from 'node:events'
import type { ChildProcess } from 'node:child_process'
import { CHUNK_BYTES_MAX, fault, workStatus, type ReceiptStreamEntry } from '@isochrone/protocol'
import OpenAI from 'openai'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { startGatewayWorld, until, WORLD_KEY, type GatewayWorld } from './testing/gateway-world.ts'
import { ENGINE_MODEL, startScriptedEngine, type ScriptedStream } from './testing/scripted-engine.ts'

let world: GatewayWorld
let gateway: ChildProcess
let engine: Awaited<ReturnType<typeof startScriptedEngine>>
vi.setConfig({ testTimeout: 240_000 })
const DRAIN_MS = 2_000

beforeAll(async () => {
  engine = await startScriptedEngine()
  world = await startGatewayWorld(1, 100_000_000n)
  gateway = await world.startGateway(0, { GATEWAY_DRAIN_MS: String(DRAIN_MS) })
  world.startAgent(0, ['--engine', 'openai', '--engine-url', engine.url])
  await world.linked(1)
}, 300_000)
afterAll(async () => {
  await world?.stop()
  engine?.close()
})

const prompt = 'Tell me about light. '.repeat(50)
const TOKENS_LEAST = Math.floor(prompt.length / 20)
const body = { model: ENGINE_MODEL, messages: [{ role: 'user' as const, content: prompt }], stream: true }

interface Ended {
  requestId: string
  text: string
  error: { code: string; message: string; owner: string } | null
  finish: string | null
  whole: boolean
}

/** The engine's end of a stream and its customer's. */
async function begin(more: object = {}): Promise<{ stream: ScriptedStream; ended: Promise<Ended> }> {
  const count = engine.streams.length
  const asking = fetch(`${world.url}/v1/chat/completions`, {
    method: 'POST',
    headers: { authorization: `Bearer ${WORLD_KEY}`, 'content-type': 'application/json' },
    body: JSON.stringify({ ...body, ...more }),
  })
  await until(async () => engine.streams.length > count)
  return { stream: engine.streams[count] as ScriptedStream, ended: asking.then(read) }
}

async function read(response: Response): Promise<Ended> {
  const events = (await response.text()).split('\n\n').filter((event) => event.startsWith('data: '))
  const chunks = events.filter((event) => event !== 'data: [DONE]').map((event) => JSON.parse(event.slice(6)) as Chunk)
  const choices = chunks.flatMap(({ choices: [choice] = [] }) => choice ?? [])
  return {
    requestId: response.headers.get('x-request-id') ?? '',
    text: choices.map(({ delta }) => delta.content ?? '').join(''),
    error: chunks.find(({ error }) => error)?.error ?? null,
    finish: choices.find(({ finish_reason: reason }) => reason)?.finish_reason ?? null,
    whole: events.at(-1) === 'data: [DONE]',
  }
}

interface Chunk {
  choices?: { delta: { content?: string }; finish_reason: string | null }[]
  error?: { code: string; message: string; owner: string }
}

type Outcome = Extract<ReceiptStreamEntry, { receipts: unknown }>

/** On record: exactly one, with one receipt pair. */
async function outcomeOf(requestId: string) {
  const those = async () =>
    (await world.published()).filter(
      (entry): entry is Outcome => 'receipts' in entry && entry.request.requestId === requestId,
    )
  await until(async () => (await those()).length > 0)
  const all = await those()
  expect(all.map(({ receipts }) => receipts.length)).toEqual([1])
  const [only] = all
  return { request: only?.request, work: only?.receipts[0]?.work, delivery: only?.receipts[0]?.delivery }
}

test('a part that nobody can divide ends its stream: what came before it is billed once, with a receipt', async () => {
  const { stream, ended } = await begin()
  stream.say('One')
  stream.say(' two', { usage: { prompt_tokens: 200, completion_tokens: 2 } })
  stream.say(' three', { prompt_token_ids: 'x'.repeat(CHUNK_BYTES_MAX) })
  const { requestId, text, error, whole } = await ended
  expect([text, whole]).toEqual(['One two', false])
  expect(error).toMatchObject({ code: 'invalid_request', owner: 'client' })
  expect(error?.message).toMatch(/too large .* The prompt and the tokens delivered so far are billed\.$/)
  const { work, delivery } = await outcomeOf(requestId)
  expect(work).toMatchObject({ status: workStatus.aborted, tokensIn: 200, tokensOut: 2 })
  expect(delivery).toMatchObject({ billedIn: 200, billedOut: 2, price: '206', fault: fault.client })
})

test('an engine that counts at its end is told the limit that nobody named, ends by itself, and is billed by its count', async () => {
  const { stream, ended } = await begin()
  expect(stream.body.max_tokens).toBe(4_096)
  for (let said = 0; said < 4_096; said++) if (!stream.say(`${said} `)) await stream.drained()
  stream.finish('length', { usage: { prompt_tokens: 200, completion_tokens: 4_096 } })
  const { requestId, finish, whole } = await ended
  expect([finish, whole]).toEqual(['length', true])
  const { delivery } = await outcomeOf(requestId)
  expect(delivery).toMatchObject({ billedIn: 200, billedOut: 4_096, fault: fault.none })
})

test('one that is stopped before it has counted is billed for the fewest tokens that the prompt can have', async () => {
  const { stream, ended } = await begin()
  // It does not keep the limit.
  for (let said = 0; said < 4_100; said++) if (!stream.say(`${said} `)) await stream.drained()
  const { requestId, finish, whole } = await ended
  expect([finish, whole]).toEqual(['length', true])
  const { work, delivery, request } = await outcomeOf(requestId)
  expect(work).toMatchObject({ status: workStatus.completed, tokensIn: TOKENS_LEAST, tokensOut: 4_096 })
  expect(delivery).toMatchObject({ billedIn: TOKENS_LEAST, billedOut: 4_096, fault: fault.none })
  expect(request).toMatchObject({ status: 'succeeded', tokensIn: TOKENS_LEAST, tokensOut: 4_096 })
})

test('so is one that never counts', async () => {
  const { stream, ended } = await begin()
  stream.say('One')
  stream.finish()
  const { requestId, whole } = await ended
  expect(whole).toBe(true)
  const { delivery } = await outcomeOf(requestId)
  expect(delivery).toMatchObject({ billedIn: TOKENS_LEAST, billedOut: 1 })
})

test('a stream that runs for longer than its gateway waits is cut: it says so, and is billed once, with a receipt', async () => {
  const { stream, ended } = await begin()
  stream.say('One')
  const openai = new OpenAI({ apiKey: WORLD_KEY, baseURL: `${world.url}/v1`, maxRetries: 0 })
  const asked = { model: ENGINE_MODEL, input: 'Later.', background: true, stream: true } as const
  const following = await openai.responses.create(asked)
  const events: OpenAI.Responses.ResponseStreamEvent[] = []
  const followed = (async () => {
    for await (const event of following) events.push(event)
  })().catch((error: unknown) => error)
  const held = fetch(`${world.url}/v1/chat/completions`, {
    method: 'POST',
    headers: {
      authorization: `Bearer ${WORLD_KEY}`,
      'content-type': 'application/json',
      'x-isochrone-queue': '1',
      prefer: 'wait=60',
    },
    body: JSON.stringify({ ...body, stream: false }),
  })
  await until(async () => events.length === 2 && (await world.db.job.count()) === 2)
  gateway.kill('SIGTERM')
  const talking = setInterval(() => stream.say(' more'), 200)
  const exited = once(gateway, 'exit')
  const stoppedMs = performance.now()
  const { requestId, whole, error, text } = await ended
  clearInterval(talking)
  expect(performance.now() - stoppedMs).toBeGreaterThanOrEqual(DRAIN_MS - 100)
  expect(whole).toBe(false)
  expect(error).toMatchObject({ code: 'internal_error', owner: 'platform' })
  expect(error?.message).toMatch(/told to stop.*No other gateway can go on.*tokens delivered so far are billed\.$/)
  expect(await exited).toEqual([0, null])
  // Who waits for queued work hears that it goes on, and where it was.
  expect([(await held).status, (await (await held).json()) as object]).toMatchObject([202, { status: 'queued' }])
  expect(String(await followed)).toMatch(/told to stop\. .*with starting_after=1\./)
  const { work, delivery, request } = await outcomeOf(requestId)
  const delivered = text.split(' ').length
  expect(delivered).toBeGreaterThan(1)
  expect(work).toMatchObject({ status: workStatus.aborted })
  expect(delivery).toMatchObject({ billedIn: TOKENS_LEAST, billedOut: delivered, fault: fault.gateway })
  expect(request).toMatchObject({ status: 'failed', tokensOut: delivered })

  // Its journal does not bill it again.
  gateway = await world.startGateway()
  await world.linked(1)
  const again = await begin()
  again.stream.say('One')
  again.stream.finish()
  await outcomeOf((await again.ended).requestId)
  await outcomeOf(requestId)
})
