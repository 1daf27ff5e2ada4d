/** The gateway process with real agents: what the official client gets, and what is on record after a kill. */
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import OpenAI from 'openai'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { bytesToHex, keccak256, ZERO_BYTES32, redisKeys } from '@isochrone/protocol'
import {
  WORLD_CHANNEL,
  WORLD_KEY,
  WORLD_TOKEN,
  startGatewayWorld,
  until,
  type GatewayWorld,
} from './testing/gateway-world.ts'
import { mismatchesIn } from './testing/verify-file.ts'

let world: GatewayWorld
let gateway: ChildProcess
let openai: OpenAI
let model = ''
const messages = [{ role: 'user' as const, content: 'Tell me about light.' }]

beforeAll(async () => {
  world = await startGatewayWorld(2, 1_000_000n)
  gateway = await world.startGateway()
  for (const index of [0, 1])
    world.startAgent(index, ['--engine', 'llama', '--context', '2048', '--models-dir', `${world.stack.dir}/models`])
  await world.linked(2)
  openai = new OpenAI({ apiKey: WORLD_KEY, baseURL: `${world.url}/v1`, maxRetries: 0 })
  model = (await openai.models.list()).data[0]?.id ?? ''
})
afterAll(() => world?.stop())

interface Billed {
  requestId: string
  status: string
  prices: bigint[]
  workHashes: unknown[]
}

async function billed(): Promise<Billed[]> {
  const found: Billed[] = []
  for (const entry of await world.published()) {
    if (!('receipts' in entry)) continue
    found.push({
      requestId: entry.request.requestId,
      status: entry.request.status,
      prices: entry.receipts.map(({ delivery }) => BigInt(delivery.price ?? 0)),
      workHashes: entry.receipts.map(({ delivery }) => delivery.workHash),
    })
  }
  return found
}

test('answers and streams come from a real engine, each with one receipt signed by both sides', async () => {
  const whole = await openai.chat.completions.create({ model, messages, max_tokens: 12 }).withResponse()
  expect(whole.data.choices[0]?.message.content).toBeTypeOf('string')
  expect(whole.data.usage?.completion_tokens).toBeGreaterThan(0)
  const stream = await openai.chat.completions.create({
    model,
    messages,
    max_tokens: 20,
    stream: true,
    stream_options: { include_usage: true },
  })
  let last: unknown
  for await (const chunk of stream) last = chunk
  expect(last).toMatchObject({
    usage: { prompt_tokens: expect.any(Number) },
    isochrone: { node: expect.stringMatching(/^node_/) },
  })
  const text = await openai.completions.create({ model, prompt: 'Light is', max_tokens: 5 })
  expect(text.choices[0]?.text).toBeTypeOf('string')

  await until(async () => (await billed()).length === 3)
  for (const { status, prices, workHashes } of await billed()) {
    expect(status).toBe('succeeded')
    expect(prices).toHaveLength(1)
    expect(prices[0]).toBeGreaterThan(0n)
    expect(workHashes).not.toContain(ZERO_BYTES32)
  }
  const requestId = whole.response.headers.get('x-request-id')
  expect((await billed()).map((entry) => entry.requestId)).toContain(requestId)
})

test('many at once use all nodes and spend exactly what their receipts say', async () => {
  const before = (await billed()).length
  const answers = await Promise.all(
    Array.from({ length: 40 }, () => openai.chat.completions.create({ model, messages, max_tokens: 8 }).withResponse()),
  )
  expect(new Set(answers.map(({ response }) => response.headers.get('x-isochrone-node'))).size).toBe(2)
  await until(async () => (await billed()).length === before + 40)
  const signed = (await billed()).flatMap(({ prices }) => prices).reduce((sum, price) => sum + price, 0n)
  const spent = async () => {
    const fields = await world.redis.hgetall(redisKeys.budget(WORLD_CHANNEL))
    return BigInt(Object.entries(fields).find(([name]) => name.startsWith('spent:'))?.[1] ?? 0)
  }
  await until(async () => (await spent()) === signed)
})

// A cold start of the gateway on a busy machine takes seconds.
vi.setConfig({ testTimeout: 240_000 })

test('a killed gateway loses no bill: each stream it cut is billed once, for what was acknowledged', async () => {
  const before = new Set((await billed()).map(({ requestId }) => requestId))
  const chunks = [0, 0, 0, 0]
  const cut = chunks.map(async (_, index) => {
    // Moved by a busy machine to another node, a stream would have a bill of each.
    const stays = { routing: { allow_continuation: false } }
    const asked = { model, messages, max_tokens: 1_500, stream: true, ...stays } as const
    const stream = await openai.chat.completions.create(asked)
    for await (const _chunk of stream) chunks[index] = (chunks[index] ?? 0) + 1
  })
  const ends = Promise.allSettled(cut)
  await until(async () => chunks.every((count) => count > 30))
  gateway.kill('SIGKILL')
  await once(gateway, 'exit')
  const interrupted = (await ends).filter(({ status }) => status === 'rejected').length
  expect(interrupted).toBeGreaterThan(0)

  gateway = await world.startGateway()
  await world.linked(2)
  // A hedge that lost, on a busy machine, stands on record too, and costs nothing.
  const paid = async () =>
    (await billed()).filter(({ requestId, prices }) => !before.has(requestId) && prices.some((price) => price > 0n))
  await until(async () => new Set((await paid()).map(({ requestId }) => requestId)).size === 4)
  const entries = await paid()
  expect(entries).toHaveLength(4)
  for (const { prices } of entries) expect(prices).toHaveLength(1)
  const answer = await openai.chat.completions.create({ model, messages, max_tokens: 4 })
  expect(answer.usage?.completion_tokens).toBeGreaterThan(0)
})

test('a dispatched job is answered once, even across a kill', async () => {
  const nodeId = (await world.db.node.findMany())[0]?.nodeId
  const dispatch = async () => {
    const response = await fetch(`${world.url}/internal/v1/dispatch`, {
      method: 'POST',
      headers: { authorization: `Bearer ${WORLD_TOKEN}`, 'content-type': 'application/json' },
      body: JSON.stringify({
        requestId: 'req_job_w',
        jobId: 'job_w',
        orgId: 'org_w',
        keyId: null,
        path: '/v1/chat/completions',
        body: { model, messages, max_tokens: 6 },
        nodeId,
        placement: null,
        timeoutMs: 10_000,
      }),
    })
    return (await response.json()) as { outcome: string; answer: unknown }
  }
  const first = await dispatch()
  expect(first.outcome).toBe('answered')
  gateway.kill('SIGKILL')
  await once(gateway, 'exit')
  gateway = await world.startGateway()
  expect((await dispatch()).answer).toEqual(first.answer)
  await until(async () => (await billed()).some(({ requestId }) => requestId === 'req_job_w'))
  expect((await billed()).filter(({ requestId }) => requestId === 'req_job_w')).toHaveLength(1)
})

test('answers that verification buys agree between nodes, are billed once each, and name no job', async () => {
  await world.linked(2)
  const nodeIds = (await world.db.node.findMany({ orderBy: { id: 'asc' } })).map((node) => node.nodeId)
  const bought = await world.replay([...nodeIds, `0x${'99'.repeat(32)}`], model, 'Where is the old bridge?')
  expect(bought).toMatchObject([{ text: expect.stringMatching(/\w/) }, { text: bought[0]?.text }, null])
  const entriesOf = async (requestId: string | undefined) =>
    (await world.published()).filter((entry) => 'receipts' in entry && entry.request.requestId === requestId)
  await until(async () => (await entriesOf(bought[1]?.requestId)).length > 0)
  for (const [index, nodeId] of nodeIds.entries()) {
    const entries = await entriesOf(bought[index]?.requestId)
    expect(entries).toMatchObject([
      {
        request: { jobId: null, keyId: null, status: 'succeeded' },
        receipts: [{ delivery: { nodeId }, workSignature: expect.stringMatching(/^0x/) }],
      },
    ])
    expect(entries[0]).not.toHaveProperty('answer')
  }
})

test('an epoch closes on demand, both nodes sign their records and keep a copy that verifies', async () => {
  await world.linked(2)
  const headers = { authorization: `Bearer ${WORLD_TOKEN}` }
  const closed = await fetch(`${world.url}/internal/v1/close-epoch`, { method: 'POST', headers })
  const { epochs, receipts, leaves } = (await closed.json()) as { epochs: number[]; receipts: number; leaves: number }
  expect(leaves).toBeGreaterThan(80)
  expect(receipts).toBeLessThan(leaves)
  const [epoch] = epochs
  const file = await fetch(`${world.url}/v1/epochs/${epoch}/file`)
  expect(file.headers.get('content-type')).toBe('application/gzip')
  const bytes = new Uint8Array(await file.arrayBuffer())
  const list = (await (await fetch(`${world.url}/v1/epochs`)).json()) as { data: { dataHash: string; epoch: number }[] }
  expect(list.data).toEqual([expect.objectContaining({ epoch, dataHash: bytesToHex(keccak256(bytes)) })])
  expect((await fetch(`${world.url}/v1/epochs/1/file`)).status).toBe(404)

  const records = async () => (await world.published()).filter((entry) => entry.type === 'performance-signed')
  await until(async () => (await records()).length === 2)
  const billedTo = new Map<unknown, bigint>()
  for (const entry of await world.published()) {
    for (const { delivery } of 'receipts' in entry ? entry.receipts : []) {
      billedTo.set(delivery.nodeId, (billedTo.get(delivery.nodeId) ?? 0n) + BigInt(delivery.price ?? 0))
    }
  }
  for (const { record, nodeReason } of await records()) {
    expect([nodeReason, record.earned]).toEqual([null, billedTo.get(record.nodeId)?.toString()])
  }
  const anchored = (await world.published()).find((entry) => entry.type === 'epoch-closed')
  if (!anchored) throw new Error('the closed epoch was not published')
  for (const index of [0, 1]) {
    const copies = readdirSync(join(world.stack.dir, `agent-${index}`, 'epochs')).filter((name) => name.endsWith('.gz'))
    expect(copies).toHaveLength(1)
    const copy = join(world.stack.dir, `agent-${index}`, 'epochs', copies[0] ?? '')
    expect(Buffer.compare(readFileSync(copy), bytes)).toBe(0)
    expect(await mismatchesIn({ ...anchored, path: copy })).toEqual([])
  }
})

/** From the change until the last request that was still taken was sent: how long its sender waits for the machine is no matter of the key. */
async function timeToRevoke(): Promise<number> {
  const error = () =>
    openai.models.list().then(
      () => null,
      (thrown: unknown) => thrown,
    )
  await world.changeKey(true)
  await until(async () => (await error()) === null)
  await world.changeKey(false)
  const revokedAtMs = Date.now()
  let acceptedAtMs = revokedAtMs
  await until(async () => {
    const sentAtMs = Date.now()
    const refused = await error()
    if (refused === null) acceptedAtMs = sentAtMs
    return refused instanceof OpenAI.AuthenticationError
  })
  return acceptedAtMs - revokedAtMs
}

/** The shortest of a few: a busy machine only adds to what it takes. */
test('a revoked key stops working within a second', async () => {
  await world.linked(2)
  let shortestMs = Infinity
  for (let tries = 0; tries < 5 && shortestMs >= 1_000; tries++) shortestMs = Math.min(shortestMs, await timeToRevoke())
  expect(shortestMs).toBeLessThan(1_000)
})

test('a polite stop ends in time and with code 0', async () => {
  gateway.kill('SIGTERM')
  expect(await once(gateway, 'exit')).toEqual([0, null])
})
