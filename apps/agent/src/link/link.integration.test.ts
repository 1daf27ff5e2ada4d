import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  createFrameOutbox,
  encodeCredit,
  encodeFrame,
  frameType,
  LOAD_ANSWER_MS_MIN,
  PING_ASKS_LOAD,
  linkHeartbeat,
  outputChain,
  randomBytes32,
  requestHashOf,
  streamEnd,
  workStatus,
  type Hex,
} from '@isochrone/protocol'
import { PROMPT_NOTICE_TOKENS } from '@isochrone/domain'
import { createLogger } from '@isochrone/runtime'
import { afterAll, afterEach, beforeAll, beforeEach, expect, test, vi } from 'vitest'
import { startAgent, type RunningAgent } from '../agent.ts'
import { serveOpenAi, type EngineServer } from '../engines/serve-openai.ts'
import { startEngine, type RunningEngine } from '../engines/start-engine.ts'
import { ScriptedBackend } from '../engines/scripted-backend.ts'
import { SMALL_CREDIT_BYTES, TestGateway, unknownHash, type TestStream } from './test-gateway.ts'

const logger = createLogger('test', 'silent')
const root = await mkdtemp(join(tmpdir(), 'isochrone-link-'))
let engine: RunningEngine
let gateway: TestGateway
let agent: RunningAgent
let dataDir: string
let runs = 0

beforeAll(async () => {
  const demo = { kind: 'llama', modelSource: undefined, modelId: undefined, contextTokensMax: 2048 } as const
  engine = await startEngine(demo, 16, join(root, 'models'))
})
afterAll(async () => {
  await engine?.close()
  await rm(root, { recursive: true })
})

const start = (more: object = {}) =>
  startAgent({
    dataDir,
    gatewayUrls: [gateway.url],
    engine: {
      kind: 'openai',
      baseUrl: engine.url,
      apiKey: undefined,
      engineModel: undefined,
      modelId: undefined,
      modelHash: undefined,
      contextTokensMax: 2048,
    },
    concurrencyMax: 8,
    logger,
    ...more,
  })
const linked = () =>
  expect.poll(() => gateway.current && agent.links.every((link) => link.ready), { timeout: 30_000 }).toBe(true)

beforeEach(async () => {
  dataDir = join(root, `node-${runs++}`)
  gateway = new TestGateway()
  await gateway.start()
  agent = await start()
  await linked()
})
afterEach(async () => {
  await agent.close(0)
  await gateway.kill()
})

const chat = (max_tokens: number, content = 'Where does the river go?') => ({
  stream: true,
  messages: [{ role: 'user', content }],
  max_tokens,
})

/** Streams of a gateway that grants so little stop until it grants more. */
async function grantAtFirst(bytes: number): Promise<void> {
  await gateway.kill()
  gateway.streamCreditBytes = bytes
  await gateway.start()
  await linked()
}

/** Waits until the stream has no credit left. */
const usedUp = (stream: TestStream, bytes = SMALL_CREDIT_BYTES) =>
  expect.poll(() => stream.creditTaken(), { timeout: 30_000 }).toBeGreaterThanOrEqual(bytes)

test('the node proves its key and says what it is', async () => {
  expect(gateway.current?.hello).toMatchObject({ nodeKey: agent.address, concurrencyMax: 8, simulatedRttMs: null })
  expect(gateway.current?.hello.models).toEqual([{ ...engine.models[0], quantisation: 'unknown' }])
  await expect.poll(() => gateway.heartbeats.length).toBeGreaterThan(2)
  expect(gateway.heartbeats.at(-1)).toMatchObject({ activeStreams: 0, draining: false })
})

test('a request streams, and its receipt fits what the gateway saw', async () => {
  const body = JSON.stringify(chat(20))
  const stream = gateway.open({}, body)
  const end = await stream.end
  expect(end.status).toBe('completed')
  const work = gateway.checkedWork(end.work)
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
  const whole = gateway.open({}, { ...chat(60), stream: false, temperature: 0 })
  const streamed = gateway.open({}, { ...chat(60), temperature: 0 })
  const [end] = await Promise.all([whole.end, streamed.end])
  expect(gateway.checkedWork(end.work)).toMatchObject({ tokensOut: 60, outputHash: whole.chunks.at(-1)?.head })
  expect(whole.text()).toBe(streamed.text())
  expect(whole.chunks.length).toBeLessThan(streamed.chunks.length)
})

/** What makes a stream survive its node: at temperature 0 nobody can tell where it was broken. */
test('an answer that was broken off goes on with the very same text, and the receipt binds what it went on from', async () => {
  const body = JSON.stringify({ ...chat(40), temperature: 0 })
  const whole = gateway.open({}, body)
  await whole.end
  expect(gateway.current?.hello.models[0]?.features).toContain('continuation')
  for (const most of [1, 2, 13, 39]) {
    // A chunk may hold several tokens: the answer breaks off behind one.
    const delivered = whole.chunks.filter(({ tokensOut }) => tokensOut <= most)
    const tokens = delivered.at(-1)?.tokensOut ?? 0
    expect(tokens).toBeGreaterThan(0)
    const text = delivered.map(({ json }) => chunkText(json)).join('')
    const rest = gateway.open({ continuation: { text }, tokensOutMax: 40 - tokens }, body)
    const end = await rest.end
    expect(text + rest.text()).toBe(whole.text())
    const work = gateway.checkedWork(end.work)
    expect(work.tokensOut).toBe(40 - tokens)
    expect(work.requestHash).toBe(requestHashOf(rest.open.salt as Hex, Buffer.from(body), text))
    expect(work.tokensIn + work.tokensCached).toBeGreaterThan(tokens)
  }
})

const chunkText = (json: Record<string, unknown>): string =>
  (json.choices as { delta?: { content?: string } }[])[0]?.delta?.content ?? ''

test('output stops at what was reserved, whatever the body asks for', async () => {
  const stream = gateway.open({ tokensOutMax: 5 }, chat(500))
  expect(gateway.checkedWork((await stream.end).work).tokensOut).toBe(5)
})

test('an engine that was told no limit is stopped at what was reserved, and the answer says so', async () => {
  const { max_tokens: _none, ...unlimited } = chat(0)
  const stream = gateway.open({ tokensOutMax: 300 }, { ...unlimited, temperature: 0 })
  const end = await stream.end
  expect(end.status).toBe('completed')
  expect(gateway.checkedWork(end.work).tokensOut).toBe(300)
  expect(stream.chunks.at(-1)?.json).toMatchObject({ choices: [{ finish_reason: 'length' }] })
})

test('a gateway that dispatches an attempt twice gets one answer, whether the first still runs or is signed for', async () => {
  const requestId = randomBytes32()
  const first = gateway.open({ requestId }, chat(40))
  const second = gateway.open({ requestId }, chat(40, 'Another prompt'))
  const refused = { status: 'rejected', work: null, message: 'this node has taken this attempt before' }
  expect(await second.end).toMatchObject(refused)
  expect((await first.end).status).toBe('completed')
  expect(await gateway.open({ requestId }, chat(5)).end).toMatchObject(refused)
  expect((await gateway.open({ requestId, attempt: 1 }, chat(5)).end).status).toBe('completed')
})

test('eight streams run at once and one more is rejected without a receipt', async () => {
  const streams = Array.from({ length: 9 }, (_, i) => gateway.open({}, chat(60, `Question ${i}`)))
  const ends = await Promise.all(streams.map((stream) => stream.end))
  expect(ends.map((end) => end.status).filter((status) => status === 'completed')).toHaveLength(8)
  expect(ends.filter((end) => end.status === 'rejected')).toMatchObject([{ work: null, message: 'this node is full' }])
  const seqs = ends.filter((end) => end.work).map((end) => gateway.checkedWork(end.work).seq)
  expect(seqs.toSorted((a, b) => a - b)).toEqual([1, 2, 3, 4, 5, 6, 7, 8])
})

/** Without this a slow reader makes the node buffer without bound. */
test('a stream without credits stops at the initial window and goes on when credits come', async () => {
  await grantAtFirst(SMALL_CREDIT_BYTES)
  const stream = gateway.open({}, chat(1000))
  await usedUp(stream)
  await new Promise((resolve) => setTimeout(resolve, 150))
  // Only the chunk that used it up may go beyond.
  expect(stream.creditTaken(1)).toBeLessThan(SMALL_CREDIT_BYTES)
  stream.credit(1_000_000, 10)
  expect((await stream.end).status).toBe('completed')
  expect(stream.chunks.at(-1)?.tokensOut).toBe(1000)
})

test('an answer that is not streamed waits for credit too, whatever it is put together of', async () => {
  await grantAtFirst(300)
  const stream = gateway.open({}, { ...chat(900), stream: false })
  await usedUp(stream, 300)
  await new Promise((resolve) => setTimeout(resolve, 150))
  expect(stream.creditTaken(1)).toBeLessThan(300)
  stream.credit(1_000_000, 0)
  expect((await stream.end).status).toBe('completed')
  expect(stream.chunks.at(-1)?.tokensOut).toBe(900)
})

test('a cancel reaches the engine, and the receipt is for what was sent', async () => {
  const stream = gateway.open({}, chat(1500))
  await expect.poll(() => stream.chunks.length).toBeGreaterThan(3)
  stream.cancel()
  const end = await stream.end
  const work = gateway.checkedWork(end.work)
  const last = stream.chunks.at(-1)
  expect([end.status, work.status]).toEqual(['aborted', workStatus.aborted])
  expect([work.tokensOut, work.outputHash]).toEqual([last?.tokensOut, last?.head])
  expect(work.tokensIn + work.tokensCached).toBeGreaterThan(0)
  await expect.poll(() => gateway.heartbeats.at(-1)?.activeStreams).toBe(0)
})

/** A gateway's death bills a stream exactly to the last acknowledged frame, once. */
test('a lost link signs for the acknowledged tokens and presents the receipt until it is confirmed', async () => {
  await grantAtFirst(SMALL_CREDIT_BYTES)
  const stream = gateway.open({}, chat(1500))
  await usedUp(stream)
  const acknowledged = stream.chunks[Math.floor(stream.chunks.length / 2)]
  stream.credit(2_000, acknowledged?.tokensOut ?? 0)
  await usedUp(stream, SMALL_CREDIT_BYTES + 2_000)
  await gateway.kill()
  await expect.poll(() => agent.receipts.unconfirmedCount).toBe(1)

  await gateway.start()
  await linked()
  await expect.poll(() => gateway.represented.length).toBe(1)
  const work = gateway.checkedWork(gateway.represented[0] ?? null)
  expect(work).toMatchObject({
    requestId: stream.open.requestId,
    tokensOut: acknowledged?.tokensOut,
    outputHash: acknowledged?.head,
    status: workStatus.aborted,
  })

  gateway.confirm(work)
  await expect.poll(() => agent.receipts.unconfirmedCount).toBe(0)
  await gateway.kill()
  await gateway.start()
  await linked()
  expect(gateway.represented).toHaveLength(1)
  const log = await readFile(join(dataDir, 'receipts.jsonl'), 'utf8')
  expect(
    log
      .split('\n')
      .slice(0, -1)
      .map((line) => (JSON.parse(line) as { kind: string }).kind),
  ).toEqual(['work', 'confirm'])
})

test('a stream that lost its link before any credit is signed for no token', async () => {
  await grantAtFirst(SMALL_CREDIT_BYTES)
  const stream = gateway.open({}, chat(1500))
  await usedUp(stream)
  await gateway.kill()
  await expect.poll(() => agent.receipts.unconfirmedCount).toBe(1)
  await gateway.start()
  await expect.poll(() => gateway.represented.length, { timeout: 30_000 }).toBe(1)
  const work = gateway.checkedWork(gateway.represented[0] ?? null)
  expect([work.tokensOut, work.outputHash]).toEqual([0, outputChain(stream.open.salt as Hex).head()])
})

test('numbers go on after a restart, and another agent cannot share the data directory', async () => {
  await expect(start()).rejects.toThrow('another agent already runs')
  await gateway.open({}, chat(3)).end
  await agent.close(0)
  agent = await start()
  await expect.poll(() => gateway.represented.length, { timeout: 30_000 }).toBe(1)
  const end = await gateway.open({}, chat(3)).end
  expect(gateway.checkedWork(end.work).seq).toBe(2)
})

test('a confirmation that the lane did not sign closes the link and confirms nothing', async () => {
  const end = await gateway.open({}, chat(3)).end
  gateway.confirm(gateway.checkedWork(end.work), randomBytes32())
  await expect.poll(() => gateway.rejects.length).toBe(1)
  await expect.poll(() => gateway.represented.length, { timeout: 30_000 }).toBe(1)
  expect(agent.receipts.unconfirmedCount).toBe(1)
})

/** Its signature costs more than all that the request needs before its engine. */
test('a confirmation that comes in one message with a request is checked when that is on its way', async () => {
  const first = await gateway.open({}, chat(3)).end
  const socket = gateway.current?.socket
  if (!socket) throw new Error('no link')
  const [claimed, confirmed] = [vi.spyOn(agent.receipts, 'claim'), vi.spyOn(agent.receipts, 'confirm')]
  const message = createFrameOutbox((whole) => socket.send(whole))
  const sending = vi.spyOn(socket, 'send').mockImplementation((frame) => message.push(frame as Buffer))
  gateway.confirm(gateway.checkedWork(first.work))
  const second = gateway.open({}, chat(3))
  sending.mockRestore()
  message.flush()
  await expect.poll(() => confirmed.mock.calls.length, { timeout: 30_000 }).toBe(1)
  expect(claimed.mock.invocationCallOrder[0]).toBeLessThan(confirmed.mock.invocationCallOrder[0] ?? 0)
  expect((await second.end).status).toBe('completed')
  expect(agent.receipts.unconfirmedCount).toBe(1)
})

test.each([
  ['a DATA frame', () => encodeFrame(frameType.data, 1, Buffer.alloc(4))],
  ['bytes that are no frame', () => Buffer.from([0xff, 1, 2])],
  ['an OPEN that is not JSON', () => encodeFrame(frameType.open, 1, Buffer.from([0, 0, 0, 1, 0x7b]))],
  ['a second CHALLENGE', () => encodeFrame(frameType.challenge, 0, Buffer.from('{}'))],
])('%s closes this link alone, and the agent comes back', async (_name, frame) => {
  const other = new TestGateway()
  await other.start()
  await agent.close(0)
  agent = await start({ gatewayUrls: [gateway.url, other.url] })
  await expect.poll(() => agent.links.every((link) => link.ready)).toBe(true)
  const connections = gateway.connections
  gateway.raw(frame())
  await expect.poll(() => gateway.connections, { timeout: 30_000 }).toBe(connections + 1)
  expect([gateway.rejects.length, other.connections]).toEqual([1, 1])
  await agent.close(0)
  await other.kill()
})

/** Credits of another version count something else: neither side may take them for its own. */
test('a gateway of another version of the link is refused with a sentence, until it is replaced', async () => {
  await gateway.kill()
  gateway.protocol -= 1
  await gateway.start()
  await expect.poll(() => gateway.rejects.length, { timeout: 30_000 }).toBeGreaterThan(0)
  expect(gateway.rejects[0]).toMatchObject({
    code: 'protocol_violation',
    message: expect.stringMatching(/^the gateway speaks link protocol \d+, this agent \d+: update the older one$/),
  })
  expect(gateway.welcomes).toBe(1)
  await gateway.kill()
  gateway.protocol += 1
  await gateway.start()
  await linked()
  expect((await gateway.open({}, chat(3)).end).status).toBe('completed')
})

test('credit for tokens that were never sent is a violation', async () => {
  await grantAtFirst(SMALL_CREDIT_BYTES)
  const stream = gateway.open({}, chat(1500))
  await usedUp(stream)
  gateway.raw(encodeCredit(stream.id, 1, 100_000))
  await expect.poll(() => gateway.rejects.length).toBe(1)
})

test('credits and cancels for streams that ended mean nothing', async () => {
  const stream = gateway.open({}, chat(3))
  await stream.end
  stream.credit(5, 3)
  stream.cancel()
  expect((await gateway.open({}, chat(3)).end).status).toBe('completed')
})

test.each([
  ['another model', { model: 'gpt-none' }, chat(3), 'rejected'],
  ['other weights', { modelHash: unknownHash }, chat(3), 'rejected'],
  ['a body that is no object', {}, '[]', 'invalid_request'],
  ['a prompt that is too long', {}, chat(3, 'x '.repeat(5000)), 'invalid_request'],
  ['a field of a wrong type', {}, { ...chat(3), temperature: 'hot' }, 'invalid_request'],
])('%s is refused without a receipt', async (_name, change, body, status) => {
  const end = await gateway.open(change, body).end
  expect(end).toMatchObject({ status, work: null })
  expect(agent.receipts.unconfirmedCount).toBe(0)
})

test('a request that takes too long is aborted and signed for', async () => {
  const stream = gateway.open({ timeoutMs: 60 }, chat(1500))
  const end = await stream.end
  expect(end.status).toBe('aborted')
  expect(gateway.checkedWork(end.work).tokensOut).toBe(stream.chunks.at(-1)?.tokensOut ?? 0)
})

test('the gateway answers pings and is answered', async () => {
  gateway.raw(encodeFrame(frameType.ping, 0, Buffer.from('12345678')))
  await expect.poll(() => gateway.pongs).toBe(1)
})

test('a gateway that asks how the node is hears it at once, with its own streams, and not more often than agreed', async () => {
  const stream = gateway.open({}, chat(1_500))
  await expect.poll(() => stream.chunks.length).toBeGreaterThan(0)
  const before = gateway.heartbeats.length
  const ask = encodeFrame(frameType.ping, 0, Buffer.from([1, 2, 3, 4, 5, 6, 7, 8, PING_ASKS_LOAD]))
  const startedAt = performance.now()
  // The rhythm of these links is ten a second: what comes faster was asked for.
  await expect
    .poll(
      () => {
        for (let i = 0; i < 50; i++) gateway.raw(ask)
        return gateway.heartbeats.length - before - (performance.now() - startedAt) / 100
      },
      { timeout: 30_000, interval: 5 },
    )
    .toBeGreaterThan(3)
  const told = gateway.heartbeats.length - before
  const elapsedMs = performance.now() - startedAt
  expect(told).toBeLessThanOrEqual(2 + elapsedMs / LOAD_ANSWER_MS_MIN + elapsedMs / 100)
  expect(gateway.heartbeats.at(-1)).toMatchObject({ activeStreams: 1, ownStreams: 1 })
  stream.cancel()
  await stream.end
})

/** Two gateways, an engine that is slow to begin, and one that does not say what waits there: as most do not. */
async function startSlow(
  heartbeatIntervalMs = 100,
): Promise<{ other: TestGateway; begin: () => void; stop: () => Promise<void> }> {
  const held = Promise.withResolvers<void>()
  const server = await serveOpenAi(new ScriptedBackend('slow', { pace: () => held.promise }))
  const other = new TestGateway()
  other.heartbeatIntervalMs = heartbeatIntervalMs
  await other.start()
  await agent.close(0)
  const modelHash = `0x${'11'.repeat(32)}`
  const engineOf = {
    kind: 'openai',
    baseUrl: server.url,
    apiKey: undefined,
    engineModel: undefined,
    modelId: undefined,
  }
  agent = await start({
    gatewayUrls: [gateway.url, other.url],
    engine: { ...engineOf, modelHash, contextTokensMax: 100_000 },
  })
  await linked()
  await expect.poll(() => other.current !== undefined && gateway.current !== undefined).toBe(true)
  return {
    other,
    begin: held.resolve,
    async stop() {
      held.resolve()
      await agent.close(0)
      await other.kill()
      await server.close()
    },
  }
}

test('a long prompt is told to every gateway when it comes, and off again with its first token', async () => {
  const { other, begin, stop } = await startSlow()
  try {
    const since = other.heartbeats.length
    const tellsFirst = () => other.heartbeats.slice(since).find(({ activeStreams }) => activeStreams === 1)
    const stream = gateway.open({ prompt: { tokens: PROMPT_NOTICE_TOKENS } }, chat(5))
    await expect.poll(tellsFirst).toMatchObject({ prefillTokens: PROMPT_NOTICE_TOKENS, ownPrefillTokens: 0 })
    await expect
      .poll(() => gateway.heartbeats.at(-1))
      .toMatchObject({ ownPrefillTokens: PROMPT_NOTICE_TOKENS, ownStreams: 1 })
    begin()
    expect((await stream.end).status).toBe('completed')
    await expect.poll(() => other.heartbeats.at(-1)).toMatchObject({ activeStreams: 0, prefillTokens: 0 })
    await expect.poll(() => gateway.heartbeats.at(-1)).toMatchObject({ prefillTokens: 0, ownPrefillTokens: 0 })
  } finally {
    await stop()
  }
})

test('what more prompts wait before than may is declined with how the node is, and what may wait is taken', async () => {
  const { other, begin, stop } = await startSlow(60_000)
  try {
    const first = gateway.open({ prompt: { tokens: 700 } }, chat(5))
    await expect.poll(() => gateway.heartbeats.at(-1)?.prefillTokens).toBe(700)
    const heard = other.heartbeats.length
    const declined = await other.open({ prompt: { tokens: 10, aheadMax: 699 } }, chat(5)).end
    expect(declined).toMatchObject({ status: 'rejected', promptsAhead: 700, work: null })
    // Said in front of the END, and not by the next beat.
    expect(other.heartbeats.length).toBeGreaterThan(heard)
    expect(other.heartbeats.at(-1)).toMatchObject({ prefillTokens: 700, activeStreams: 1 })
    const taken = [
      other.open({ prompt: { tokens: 10, aheadMax: 710 } }, chat(5)),
      other.open({ prompt: { tokens: 10 } }, chat(5)),
      // A gateway of before says nothing of its prompts.
      other.open({}, chat(5)),
    ]
    begin()
    for (const { end } of [first, ...taken]) expect((await end).status).toBe('completed')
  } finally {
    await stop()
  }
})

/** A gateway of before says nothing of its prompts, and leaves out what it does not know of reports and ends. */
test('beside a gateway of now an older one is served as ever, and closes nothing that it cannot read', async () => {
  const { other, begin, stop } = await startSlow()
  try {
    const seen: unknown[] = []
    other.readHeartbeat = (json) => {
      seen.push(json)
      return linkHeartbeat.omit({ ownPrefillTokens: true }).parse(json)
    }
    other.readEnd = (json) => streamEnd.omit({ promptsAhead: true }).parse(json)
    const long = gateway.open({ prompt: { tokens: PROMPT_NOTICE_TOKENS } }, chat(5))
    await expect.poll(() => other.heartbeats.at(-1)?.prefillTokens).toBe(PROMPT_NOTICE_TOKENS)
    expect(seen.at(-1)).toHaveProperty('ownPrefillTokens', 0)
    // It gives no bound, so nothing of it is declined, however much waits.
    const taken = [other.open({}, chat(5)), other.open({}, { ...chat(5), stream: false })]
    await expect.poll(() => other.heartbeats.at(-1)?.ownStreams).toBe(2)
    // What it has sent nobody knows the length of: it counts for nothing.
    const bounded = await gateway.open({ prompt: { tokens: 10, aheadMax: 10 } }, chat(5)).end
    expect(bounded).toMatchObject({ status: 'rejected', promptsAhead: PROMPT_NOTICE_TOKENS })
    begin()
    for (const { end } of [long, ...taken]) expect((await end).status).toBe('completed')
    expect(other.checkedWork((await taken[0]?.end)?.work ?? null).tokensOut).toBe(5)
    expect([other.connections, other.rejects]).toEqual([1, []])
  } finally {
    await stop()
  }
})

/** Else one gateway's OPEN would close the node's links to all others, or leave a remainder that waits for good. */
test('a prompt counts as no more than the model can read, whatever its gateway says', async () => {
  const { other, begin, stop } = await startSlow()
  try {
    const prompts = [Number.MAX_SAFE_INTEGER, Number.MAX_SAFE_INTEGER, 3]
    const streams = prompts.map((tokens) => gateway.open({ prompt: { tokens } }, chat(5)))
    await expect.poll(() => other.heartbeats.at(-1)?.prefillTokens).toBe(200_003)
    expect(gateway.heartbeats.at(-1)).toMatchObject({ ownPrefillTokens: 200_003 })
    begin()
    for (const { end } of streams) expect((await end).status).toBe('completed')
    await expect.poll(() => other.heartbeats.at(-1)?.prefillTokens).toBe(0)
  } finally {
    await stop()
  }
})

/** Who hears of the first alone places the next one behind all the others. */
test('of long prompts that come at once a gateway hears the whole, and not in as many messages', async () => {
  const { other, begin, stop } = await startSlow(60_000)
  try {
    const before = other.heartbeats.length
    const startedAt = performance.now()
    const streams = Array.from({ length: 16 }, () =>
      gateway.open({ prompt: { tokens: PROMPT_NOTICE_TOKENS } }, chat(5)),
    )
    await expect.poll(() => other.heartbeats.at(-1)?.prefillTokens, { timeout: 3_000 }).toBe(8 * PROMPT_NOTICE_TOKENS)
    const elapsedMs = performance.now() - startedAt
    expect(other.heartbeats.length - before).toBeLessThanOrEqual(2 + elapsedMs / LOAD_ANSWER_MS_MIN)
    for (const { end } of streams.slice(8)) expect((await end).status).toBe('rejected')
    begin()
    for (const { end } of streams.slice(0, 8)) expect((await end).status).toBe('completed')
  } finally {
    await stop()
  }
})

test('a gateway whose attempts are all declined hears how the node is, and not once for each', async () => {
  const { other, begin, stop } = await startSlow(60_000)
  try {
    const first = gateway.open({ prompt: { tokens: 700 } }, chat(5))
    await expect.poll(() => gateway.heartbeats.at(-1)?.prefillTokens).toBe(700)
    const before = other.heartbeats.length
    const startedAt = performance.now()
    const ends = Array.from({ length: 100 }, () => other.open({ prompt: { tokens: 1, aheadMax: 0 } }, chat(5)).end)
    for (const end of ends) expect(await end).toMatchObject({ status: 'rejected', promptsAhead: 700 })
    const elapsedMs = performance.now() - startedAt
    expect(other.heartbeats.at(-1)).toMatchObject({ prefillTokens: 700 })
    expect(other.heartbeats.length - before).toBeLessThanOrEqual(2 + elapsedMs / LOAD_ANSWER_MS_MIN)
    begin()
    expect((await first.end).status).toBe('completed')
  } finally {
    await stop()
  }
})

test('a bound that is none breaks the protocol and closes that link', async () => {
  const stream = gateway.open({ prompt: { tokens: 1, aheadMax: -1 } }, chat(5))
  await expect.poll(() => gateway.rejects).toMatchObject([{ code: 'protocol_violation' }])
  expect(stream.chunks).toEqual([])
})

test('a stop lets running requests finish', async () => {
  const stream = gateway.open({}, chat(40))
  await expect.poll(() => stream.chunks.length).toBeGreaterThan(0)
  await agent.close(30_000)
  expect((await stream.end).status).toBe('completed')
})

test('the delay shim delays both ways, keeps order and is declared', async () => {
  await agent.close(0)
  agent = await start({ simulatedNetwork: { rttMs: 80, jitterMs: 10, seed: 1 } })
  await expect.poll(() => gateway.current?.hello.simulatedRttMs, { timeout: 30_000 }).toBe(80)
  await expect.poll(() => agent.links[0]?.ready).toBe(true)
  const startedMs = performance.now()
  const stream = gateway.open({}, chat(10))
  const end = await stream.end
  expect(performance.now() - startedMs).toBeGreaterThanOrEqual(79)
  expect(gateway.checkedWork(end.work).outputHash).toBe(stream.chunks.at(-1)?.head)
})

/** Without this every request placed on the node fails until a person notices. */
test('a node whose engine is gone says that it drains, and takes requests again when the engine is back', async () => {
  const backend = new ScriptedBackend('frail', {})
  let server: EngineServer = await serveOpenAi(backend)
  const port = Number(new URL(server.url).port)
  await agent.close(0)
  const probes = { engineProbeMs: 600_000 }
  agent = await start({ engine: { kind: 'openai', baseUrl: server.url, contextTokensMax: 100 }, ...probes })
  await expect.poll(() => gateway.current?.hello.models[0]?.model, { timeout: 30_000 }).toBe('frail')
  await expect.poll(() => agent.links[0]?.ready).toBe(true)
  await server.close()
  expect((await gateway.open({}, chat(3)).end).status).toBe('engine_failed')
  // Asked for at once after the failed request, not at the next turn of the probe.
  await expect.poll(() => gateway.heartbeats.at(-1)?.draining).toBe(true)
  expect(await gateway.open({}, chat(3)).end).toMatchObject({ status: 'rejected', work: null })
  server = await serveOpenAi(new ScriptedBackend('frail', {}), port)
  await expect.poll(() => gateway.heartbeats.at(-1)?.draining, { timeout: 30_000 }).toBe(false)
  expect((await gateway.open({}, chat(3)).end).status).toBe('completed')
  await server.close()
}, 300_000)

test('an engine that dies mid-stream ends the stream with a receipt for what was delivered', async () => {
  const backend = new ScriptedBackend('brittle', { dieAfterTokens: 7 })
  const server: EngineServer = await serveOpenAi(backend)
  await agent.close(0)
  const external = { kind: 'openai', baseUrl: server.url, contextTokensMax: 100 }
  agent = await start({ engine: external })
  await expect.poll(() => gateway.current?.hello.models[0]?.model, { timeout: 30_000 }).toBe('brittle')
  await expect.poll(() => agent.links[0]?.ready).toBe(true)
  const stream = gateway.open({}, chat(50))
  const end = await stream.end
  const work = gateway.checkedWork(end.work)
  expect(end.status).toBe('engine_failed')
  expect([work.tokensOut, work.status, work.tokensIn]).toEqual([7, workStatus.engineFailed, 3])
  await server.close()
})
