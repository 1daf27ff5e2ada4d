/** What a gateway asks of a node: streams from the first token to a receipt that fits what was seen, or none. */
import { randomBytes32, requestHashOf, workStatus, type Hex } from '@isochrone/protocol'
import { expect, test } from 'vitest'
import { serveOpenAi, type EngineServer } from '../engines/serve-openai.ts'
import { ScriptedBackend } from '../engines/scripted-backend.ts'
import { chat, linkedAgent } from './linked-agent.ts'
import { unknownHash } from './test-gateway.ts'

const node = linkedAgent()

test('a request streams, and its receipt fits what the gateway saw', async () => {
  const body = JSON.stringify(chat(20))
  const stream = node.gateway.open({}, body)
  const end = await stream.end
  expect(end.status).toBe('completed')
  const work = node.gateway.checkedWork(end.work)
  const last = stream.chunks.at(-1)
  expect(work).toMatchObject({
    requestId: stream.open.requestId,
    channelId: stream.open.channelId,
    termsHash: stream.open.termsHash,
    modelHash: stream.open.modelHash,
    requestHash: requestHashOf(stream.open.salt as Hex, Buffer.from(body)),
    outputHash: last?.head,
    tokensOut: 20,
    status: workStatus.completed,
    seq: 1,
  })
  expect(last?.tokensOut).toBe(20)
  expect(work.tokensIn + work.tokensCached).toBeGreaterThan(5)
  expect(work.engineTtftUs).toBeGreaterThan(0)
  expect(work.engineDurationUs).toBeGreaterThanOrEqual(work.engineTtftUs)
  expect(stream.text()).toMatch(/^[ a-z,.]+$/)
  expect(stream.chunks.every(({ json }) => json.usage === undefined)).toBe(true)
})

test('an answer that is not streamed comes in few frames, with every token', async () => {
  const whole = node.gateway.open({}, { ...chat(60), stream: false, temperature: 0 })
  const streamed = node.gateway.open({}, { ...chat(60), temperature: 0 })
  const [end] = await Promise.all([whole.end, streamed.end])
  expect(node.gateway.checkedWork(end.work)).toMatchObject({ tokensOut: 60, outputHash: whole.chunks.at(-1)?.head })
  expect(whole.text()).toBe(streamed.text())
  expect(whole.chunks.length).toBeLessThan(streamed.chunks.length)
})

/** What makes a stream survive its node: at temperature 0 nobody can tell where it was broken. */
test('an answer that was broken off goes on with the very same text, and the receipt binds what it went on from', async () => {
  const body = JSON.stringify({ ...chat(40), temperature: 0 })
  const whole = node.gateway.open({}, body)
  await whole.end
  expect(node.gateway.current?.hello.models[0]?.features).toContain('continuation')
  for (const most of [1, 2, 13, 39]) {
    // A chunk may hold several tokens: the answer breaks off behind one.
    const delivered = whole.chunks.filter(({ tokensOut }) => tokensOut <= most)
    const tokens = delivered.at(-1)?.tokensOut ?? 0
    expect(tokens).toBeGreaterThan(0)
    const text = delivered.map(({ json }) => chunkText(json)).join('')
    const rest = node.gateway.open({ continuation: { text }, tokensOutMax: 40 - tokens }, body)
    const end = await rest.end
    expect(text + rest.text()).toBe(whole.text())
    const work = node.gateway.checkedWork(end.work)
    expect(work.tokensOut).toBe(40 - tokens)
    expect(work.requestHash).toBe(requestHashOf(rest.open.salt as Hex, Buffer.from(body), text))
    expect(work.tokensIn + work.tokensCached).toBeGreaterThan(tokens)
  }
})

const chunkText = (json: Record<string, unknown>): string =>
  (json.choices as { delta?: { content?: string } }[])[0]?.delta?.content ?? ''

test('output stops at what was reserved, whatever the body asks for', async () => {
  const stream = node.gateway.open({ tokensOutMax: 5 }, chat(500))
  expect(node.gateway.checkedWork((await stream.end).work).tokensOut).toBe(5)
})

test('an engine that was told no limit is stopped at what was reserved, and the answer says so', async () => {
  const { max_tokens: _none, ...unlimited } = chat(0)
  const stream = node.gateway.open({ tokensOutMax: 300 }, { ...unlimited, temperature: 0 })
  const end = await stream.end
  expect(end.status).toBe('completed')
  expect(node.gateway.checkedWork(end.work).tokensOut).toBe(300)
  expect(stream.chunks.at(-1)?.json).toMatchObject({ choices: [{ finish_reason: 'length' }] })
})

test('a gateway that dispatches an attempt twice gets one answer, whether the first still runs or is signed for', async () => {
  const requestId = randomBytes32()
  const first = node.gateway.open({ requestId }, chat(40))
  const second = node.gateway.open({ requestId }, chat(40, 'Another prompt'))
  const refused = { status: 'rejected', work: null, message: 'this node has taken this attempt before' }
  expect(await second.end).toMatchObject(refused)
  expect((await first.end).status).toBe('completed')
  expect(await node.gateway.open({ requestId }, chat(5)).end).toMatchObject(refused)
  expect((await node.gateway.open({ requestId, attempt: 1 }, chat(5)).end).status).toBe('completed')
})

test('eight streams run at once and one more is rejected without a receipt', async () => {
  const streams = Array.from({ length: 9 }, (_, i) => node.gateway.open({}, chat(60, `Question ${i}`)))
  const ends = await Promise.all(streams.map((stream) => stream.end))
  expect(ends.map((end) => end.status).filter((status) => status === 'completed')).toHaveLength(8)
  expect(ends.filter((end) => end.status === 'rejected')).toMatchObject([{ work: null, message: 'this node is full' }])
  const seqs = ends.filter((end) => end.work).map((end) => node.gateway.checkedWork(end.work).seq)
  expect(seqs.toSorted((a, b) => a - b)).toEqual([1, 2, 3, 4, 5, 6, 7, 8])
})

test('a cancel reaches the engine, and the receipt is for what was sent', async () => {
  const stream = node.gateway.open({}, chat(1500))
  await expect.poll(() => stream.chunks.length).toBeGreaterThan(3)
  stream.cancel()
  const end = await stream.end
  const work = node.gateway.checkedWork(end.work)
  const last = stream.chunks.at(-1)
  expect([end.status, work.status]).toEqual(['aborted', workStatus.aborted])
  expect([work.tokensOut, work.outputHash]).toEqual([last?.tokensOut, last?.head])
  expect(work.tokensIn + work.tokensCached).toBeGreaterThan(0)
  await expect.poll(() => node.gateway.heartbeats.at(-1)?.activeStreams).toBe(0)
})

test.each([
  ['another model', { model: 'gpt-none' }, chat(3), 'rejected'],
  ['other weights', { modelHash: unknownHash }, chat(3), 'rejected'],
  ['a body that is no object', {}, '[]', 'invalid_request'],
  ['a prompt that is too long', {}, chat(3, 'x '.repeat(5000)), 'invalid_request'],
  ['a field of a wrong type', {}, { ...chat(3), temperature: 'hot' }, 'invalid_request'],
])('%s is refused without a receipt', async (_name, change, body, status) => {
  const end = await node.gateway.open(change, body).end
  expect(end).toMatchObject({ status, work: null })
  expect(node.agent.receipts.unconfirmedCount).toBe(0)
})

test('a request that takes too long is aborted and signed for', async () => {
  const stream = node.gateway.open({ timeoutMs: 60 }, chat(1500))
  const end = await stream.end
  expect(end.status).toBe('aborted')
  expect(node.gateway.checkedWork(end.work).tokensOut).toBe(stream.chunks.at(-1)?.tokensOut ?? 0)
})

/** Without this every request placed on the node fails until a person notices. */
test('a node whose engine is gone says that it drains, and takes requests again when the engine is back', async () => {
  const backend = new ScriptedBackend('frail', {})
  let server: EngineServer = await serveOpenAi(backend)
  const port = Number(new URL(server.url).port)
  const probes = { engineProbeMs: 600_000 }
  await node.restart({ engine: { kind: 'openai', baseUrl: server.url, contextTokensMax: 100 }, ...probes })
  await expect.poll(() => node.gateway.current?.hello.models[0]?.model, { timeout: 30_000 }).toBe('frail')
  await expect.poll(() => node.agent.links[0]?.ready).toBe(true)
  await server.close()
  expect((await node.gateway.open({}, chat(3)).end).status).toBe('engine_failed')
  // Asked for at once after the failed request, not at the next turn of the probe.
  await expect.poll(() => node.gateway.heartbeats.at(-1)?.draining).toBe(true)
  expect(await node.gateway.open({}, chat(3)).end).toMatchObject({ status: 'rejected', work: null })
  server = await serveOpenAi(new ScriptedBackend('frail', {}), port)
  await expect.poll(() => node.gateway.heartbeats.at(-1)?.draining, { timeout: 30_000 }).toBe(false)
  expect((await node.gateway.open({}, chat(3)).end).status).toBe('completed')
  await server.close()
}, 300_000)

test('an engine that dies mid-stream ends the stream with a receipt for what was delivered', async () => {
  const backend = new ScriptedBackend('brittle', { dieAfterTokens: 7 })
  const server: EngineServer = await serveOpenAi(backend)
  const external = { kind: 'openai', baseUrl: server.url, contextTokensMax: 100 }
  await node.restart({ engine: external })
  await expect.poll(() => node.gateway.current?.hello.models[0]?.model, { timeout: 30_000 }).toBe('brittle')
  await expect.poll(() => node.agent.links[0]?.ready).toBe(true)
  const stream = node.gateway.open({}, chat(50))
  const end = await stream.end
  const work = node.gateway.checkedWork(end.work)
  expect(end.status).toBe('engine_failed')
  expect([work.tokensOut, work.status, work.tokensIn]).toEqual([7, workStatus.engineFailed, 3])
  await server.close()
})
