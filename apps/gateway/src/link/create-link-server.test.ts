import { createServer, type Server } from 'node:http'
import { connect as connectTcp, type AddressInfo } from 'node:net'
import {
  AGENT_FRAME_BYTES_MAX,
  CHUNK_BYTES_MAX,
  creditOfChunk,
  decodeCredit,
  decodeJsonPayload,
  decodeOpen,
  encodeData,
  encodeFrame,
  encodeJsonFrame,
  frameType,
  LINK_PROTOCOL_VERSION,
  type EpochNotice,
  type Hex,
  type ReceiptConfirm,
  type RecordAnswer,
  type SignedWork,
  type StreamOpen,
} from '@isochrone/protocol'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { WebSocket } from 'ws'
import {
  contracts,
  intentOf,
  laneId,
  node,
  nodeId,
  nodeKey,
  otherKey,
  silentLogger,
  workOf,
} from '../lane/lane-fixtures.ts'
import type { NoticeListener } from '../lane/record-keeper.ts'
import type { AttemptStream, NodeSession } from '../ports.ts'
import { createLinkServer } from './create-link-server.ts'
import type { LinkServer } from './link-server-types.ts'
import { STREAM_CREDIT_BYTES } from './link-stream.ts'
import { connectAgent, type AgentOptions, type ScriptedAgent } from './scripted-agent.ts'

let http: Server
let links: LinkServer
let url: string
let control: { ready: boolean; active: boolean; termsDocument: Record<string, unknown> }
let presented: [Hex, SignedWork][]
let confirmTo: (nodeId: Hex, confirm: ReceiptConfirm) => void
let notifyNode: NoticeListener
let noticesDue: EpochNotice[]
let answered: [Hex, RecordAnswer][]
const agents: ScriptedAgent[] = []

beforeEach(async () => {
  http = createServer()
  control = { ready: true, active: true, termsDocument: {} }
  presented = []
  noticesDue = []
  answered = []
  links = createLinkServer({
    httpServer: http,
    contracts,
    lane: {
      id: laneId,
      region: 'local',
      onConfirm: (listener) => (confirmTo = listener),
      onNotice: (listener) => (notifyNode = listener),
      noticesFor: (to) => (to === nodeId ? noticesDue : []),
      answerRecord: (from, answer) => void answered.push([from, answer]),
      presentWork: async (from, signed) => {
        presented.push([from, signed])
        return { workHash: `0x${'01'.repeat(32)}`, delivery: null, signature: null, reason: 'test' }
      },
    },
    control: {
      get ready() {
        return control.ready
      },
      node: (id) =>
        id === nodeId ? { ...node, active: control.active, termsDocument: control.termsDocument } : undefined,
    },
    logger: silentLogger,
  })
  await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve))
  url = `ws://127.0.0.1:${(http.address() as AddressInfo).port}/v1/agent/link`
})

afterEach(async () => {
  for (const agent of agents.splice(0)) agent.drop()
  await links.close()
  http.closeAllConnections()
  await new Promise((resolve) => http.close(resolve))
})

const connect = async (options: Partial<AgentOptions> = {}): Promise<ScriptedAgent> => {
  const agent = await connectAgent({ url, key: nodeKey, ...options })
  agents.push(agent)
  return agent
}

async function linked(
  options?: Parameters<typeof connect>[0],
): Promise<{ agent: ScriptedAgent; session: NodeSession }> {
  const agent = await connect(options)
  await agent.take(frameType.welcome)
  const session = links.sessions.byNode(nodeId)
  if (!session) throw new Error('not linked')
  return { agent, session }
}

const header: StreamOpen = {
  requestId: intentOf('req_a').requestIdHash,
  attempt: 0,
  channelId: intentOf('req_a').channelId,
  termsHash: node.termsHash,
  model: 'demo',
  modelHash: `0x${'ab'.repeat(32)}`,
  salt: `0x${'5a'.repeat(32)}`,
  path: '/v1/chat/completions',
  timeoutMs: 10_000,
  tokensOutMax: 256,
}

const end = (work: SignedWork | null = null, status = 'completed') => ({
  status,
  message: null,
  engineStatus: null,
  work,
})

async function collect(stream: AttemptStream, onChunk?: (tokensOut: number) => void): Promise<string[]> {
  const out: string[] = []
  for await (const { chunk, tokensOut } of stream.chunks) {
    out.push(Buffer.from(chunk).toString())
    stream.acknowledge(tokensOut)
    onChunk?.(tokensOut)
  }
  return out
}

test('an admitted node is welcomed, measured, and gets its requests byte for byte', async () => {
  const { agent, session } = await linked()
  const body = Buffer.from('{"messages":[{"role":"user","content":"é"}]}')
  const stream = session.open(header, body)
  const frame = await agent.take(frameType.open)
  const open = decodeOpen(frame)
  expect([open.header, Buffer.from(open.body)]).toEqual([header, body])
  const { signed } = workOf(intentOf('req_a'))
  for (let i = 1; i <= 3; i++) agent.send(encodeData(frame.streamId, i, `{"n":${i}}`))
  agent.send(encodeJsonFrame(frameType.end, frame.streamId, end(signed)))
  expect(await collect(stream)).toEqual(['{"n":1}', '{"n":2}', '{"n":3}'])
  expect(await stream.ended).toEqual({ kind: 'ended', end: end(signed) })
  expect(session.activeStreams).toBe(0)
  await vi.waitFor(() => expect(session.rttMs).toBeGreaterThan(0), 20_000)
})

/** One customer's request may be what makes a chunk large: the others of its node go on. */
test('a chunk that is too large ends its stream, and neither the link nor another stream', async () => {
  const { agent, session } = await linked()
  const [large, other] = [session.open(header, Buffer.alloc(0)), session.open(header, Buffer.alloc(0))]
  const [first, second] = [await agent.take(frameType.open), await agent.take(frameType.open)]
  agent.send(encodeData(first.streamId, 1, 'x'.repeat(CHUNK_BYTES_MAX + 1)))
  expect((await agent.take(frameType.cancel)).streamId).toBe(first.streamId)
  // What had left before the cancel came, and the receipt for it.
  const { signed } = workOf(intentOf('req_a'))
  agent.send(encodeData(first.streamId, 2, 'late'))
  agent.send(encodeJsonFrame(frameType.end, first.streamId, end(signed, 'aborted')))
  agent.send(encodeData(second.streamId, 1, '{}'))
  agent.send(encodeJsonFrame(frameType.end, second.streamId, end()))
  expect(await collect(large)).toEqual([])
  expect(await large.ended).toMatchObject({ kind: 'ended', end: { status: 'engine_failed', work: null } })
  expect(await collect(other)).toEqual(['{}'])
  expect(await other.ended).toEqual({ kind: 'ended', end: end() })
  await vi.waitFor(() => expect(presented).toEqual([[nodeId, signed]]))
  expect(links.sessions.byNode(nodeId)).toBe(session)
})

test.each([
  ['unknown_node', { key: otherKey }],
  // Nobody's signature is worth a look before that.
  ['unknown_node', { key: otherKey, proofKey: nodeKey }],
  ['bad_proof', { proofKey: otherKey }],
  ['protocol_version', { changes: { protocol: 99 } }],
  ['protocol_version', { changes: { protocol: LINK_PROTOCOL_VERSION - 1 } }],
  ['protocol_violation', { changes: { concurrencyMax: 0 } }],
])('a hello that fails is refused with a sentence: %s', async (code, options) => {
  const agent = await connect(options)
  expect(decodeJsonPayload(await agent.take(frameType.reject))).toMatchObject({
    code,
    message: expect.stringMatching(/.{20}/),
  })
  expect(await agent.closed).toBe(1008)
  expect(links.sessions.all()).toEqual([])
})

test('before the control state is loaded, and for a node that is switched off, agents are sent away', async () => {
  control.ready = false
  expect(decodeJsonPayload(await (await connect()).take(frameType.reject))).toMatchObject({ code: 'not_ready' })
  control.ready = true
  control.active = false
  expect(decodeJsonPayload(await (await connect()).take(frameType.reject))).toMatchObject({ code: 'inactive_node' })
})

/** Customers: whoever pays for a build by the terms that name it is never served another one. */
test('of what a node says that it serves its link has what its terms name, by name and hash', async () => {
  const modelHash = `0x${'ab'.repeat(32)}`
  control.termsDocument = { version: 3, models: [{ model: 'demo', modelHash }] }
  const rest = { contextTokensMax: 2_048, quantisation: 'F32', simulated: false }
  const models = [
    { model: 'demo', modelHash, ...rest },
    { model: 'other', modelHash, ...rest },
  ]
  const { session } = await linked({ changes: { models } })
  expect(session.models.map(({ model }) => model)).toEqual(['demo'])
  const agent = await connect({ changes: { models: [{ model: 'demo', modelHash: `0x${'cd'.repeat(32)}`, ...rest }] } })
  expect(decodeJsonPayload(await agent.take(frameType.reject))).toMatchObject({
    code: 'other_models',
    message: expect.stringContaining('Start the agent with those of its listing.'),
  })
})

test('a node that is switched off loses its link within about a second', async () => {
  const { agent } = await linked()
  control.active = false
  expect(decodeJsonPayload(await agent.take(frameType.reject))).toMatchObject({ code: 'inactive_node' })
  await agent.closed
  await vi.waitFor(() => expect(links.sessions.all()).toEqual([]), 20_000)
})

/** Customers: what was begun before its provider took the node off the market is answered to its end. */
test('a node that is switched off while it answers keeps its link until it has answered', async () => {
  const { agent, session } = await linked()
  const stream = session.open(header, Buffer.from('{}'))
  const { streamId } = await agent.take(frameType.open)
  control.active = false
  await new Promise((resolve) => setTimeout(resolve, 2_500))
  expect(links.sessions.byNode(nodeId)).toBe(session)
  agent.send(encodeJsonFrame(frameType.end, streamId, end()))
  expect(await stream.ended).toEqual({ kind: 'ended', end: end() })
  expect(decodeJsonPayload(await agent.take(frameType.reject))).toMatchObject({ code: 'inactive_node' })
})

test('a slow customer slows the engine: nothing beyond the credits is sent, and credit acknowledges tokens', async () => {
  const { agent, session } = await linked()
  const stream = session.open(header, Buffer.from('{}'))
  const { streamId } = await agent.take(frameType.open)
  const text = 'x'.repeat(4_000)
  const size = creditOfChunk(Buffer.from(text))
  const window = Math.ceil(STREAM_CREDIT_BYTES / size)
  for (let i = 1; i <= window; i++) agent.send(encodeData(streamId, i, text))
  const chunks = stream.chunks[Symbol.asyncIterator]()
  for (let i = 1; i <= 10; i++) await chunks.next()
  stream.acknowledge(10)
  expect(decodeCredit(await agent.take(frameType.credit))).toEqual({ bytes: 10 * size, tokensAcknowledged: 10 })
  for (let i = 11; i <= 30; i++) await chunks.next()
  stream.acknowledge(30)
  expect(decodeCredit(await agent.take(frameType.credit))).toEqual({ bytes: 20 * size, tokensAcknowledged: 30 })
  for (let i = 1; i <= 30; i++) agent.send(encodeData(streamId, window + i, text))
  // One more than was allowed breaks the protocol.
  agent.send(encodeData(streamId, window + 31, text))
  expect(decodeJsonPayload(await agent.take(frameType.reject))).toMatchObject({ code: 'protocol_violation' })
  await agent.closed
})

test('cancel reaches the engine, chunks on the way are dropped, and its receipt still arrives', async () => {
  const { agent, session } = await linked()
  const stream = session.open(header, Buffer.from('{}'))
  const { streamId } = await agent.take(frameType.open)
  agent.send(encodeData(streamId, 1, 'x'))
  const chunks = stream.chunks[Symbol.asyncIterator]()
  expect((await chunks.next()).done).toBe(false)
  stream.cancel()
  expect((await agent.take(frameType.cancel)).streamId).toBe(streamId)
  agent.send(encodeData(streamId, 2, 'x'))
  const { signed } = workOf(intentOf('req_a'), { status: 1 })
  agent.send(encodeJsonFrame(frameType.end, streamId, end(signed, 'aborted')))
  expect(await stream.ended).toEqual({ kind: 'ended', end: end(signed, 'aborted') })
  expect((await chunks.next()).done).toBe(true)
})

test('an engine that ignores a cancel is given up after a bounded time, and its late receipt is presented', async () => {
  const { agent, session } = await linked()
  const stream = session.open(header, Buffer.from('{}'))
  const { streamId } = await agent.take(frameType.open)
  stream.cancel()
  expect(await stream.ended).toEqual({ kind: 'link_lost' })
  const { signed } = workOf(intentOf('req_a'))
  agent.send(encodeData(streamId, 1, 'late'))
  agent.send(encodeJsonFrame(frameType.end, streamId, end(signed, 'aborted')))
  await agent.take(frameType.confirm)
  expect(presented).toEqual([[nodeId, signed]])
})

test('when a link dies its streams end as lost after what had arrived, and a new stream is rejected', async () => {
  const { agent, session } = await linked()
  const stream = session.open(header, Buffer.from('{}'))
  const { streamId } = await agent.take(frameType.open)
  agent.send(encodeData(streamId, 1, 'a'))
  agent.send(encodeData(streamId, 2, 'b'))
  const chunks = stream.chunks[Symbol.asyncIterator]()
  expect((await chunks.next()).done).toBe(false)
  agent.drop()
  await vi.waitFor(() => expect(links.sessions.all()).toEqual([]), 20_000)
  expect((await chunks.next()).value).toMatchObject({ tokensOut: 2 })
  expect((await chunks.next()).done).toBe(true)
  expect(await stream.ended).toEqual({ kind: 'link_lost' })
  expect(await session.open(header, Buffer.from('{}')).ended).toMatchObject({ end: { status: 'rejected' } })
})

test('a newer link of the same node key takes over, and streams of the old one end', async () => {
  const { agent, session } = await linked()
  const stream = session.open(header, Buffer.from('{}'))
  const second = await linked()
  expect(decodeJsonPayload(await agent.take(frameType.reject))).toMatchObject({ code: 'replaced' })
  expect(await stream.ended).toEqual({ kind: 'link_lost' })
  await agent.closed
  expect(links.sessions.all()).toEqual([second.session])
})

test('one agent that breaks the protocol loses its own link only', async () => {
  const { agent } = await linked()
  const rude = await connect({ key: otherKey })
  rude.send(Buffer.from([0xff, 1, 2]))
  await rude.closed
  agent.send(encodeData(7, 1, 'x'))
  expect(decodeJsonPayload(await agent.take(frameType.reject))).toMatchObject({ code: 'protocol_violation' })
  const again = await linked()
  for (const bad of [
    encodeFrame(frameType.welcome, 0),
    encodeJsonFrame(frameType.heartbeat, 0, { activeStreams: -1 }),
  ]) {
    again.agent.send(bad)
  }
  await again.agent.closed
  await linked()
})

test('a node that declines has said how it is before, and a count that is none closes that link alone', async () => {
  const { agent, session } = await linked()
  const beat = { sentAtMs: 1, activeStreams: 1, queuedStreams: 0, tokensPerSecond: 0, kvUsage: null, draining: false }
  const stream = session.open({ ...header, prompt: { tokens: 9, aheadMax: 5_000 } }, Buffer.from('{}'))
  const frame = await agent.take(frameType.open)
  expect(decodeOpen(frame).header).toMatchObject({ prompt: { tokens: 9, aheadMax: 5_000 } })
  agent.send(encodeJsonFrame(frameType.heartbeat, 0, { ...beat, prefillTokens: 5_001 }))
  agent.send(encodeJsonFrame(frameType.end, frame.streamId, { ...end(null, 'rejected'), promptsAhead: 5_001 }))
  const ended = await stream.ended
  expect(session.reported).toMatchObject({ prefillTokens: 5_001 })
  expect(ended).toEqual({ kind: 'ended', end: { ...end(null, 'rejected'), promptsAhead: 5_001 } })
  const next = session.open(header, Buffer.from('{}'))
  const { streamId } = await agent.take(frameType.open)
  agent.send(encodeJsonFrame(frameType.end, streamId, { ...end(null, 'rejected'), promptsAhead: -1 }))
  expect(await next.ended).toEqual({ kind: 'link_lost' })
  await agent.closed
  await linked()
})

test.each([-1, 101, 'slow', null])('a node that says a pace of %j closes its link alone', async (pace) => {
  const { agent, session } = await linked()
  const beat = { sentAtMs: 1, activeStreams: 1, queuedStreams: 0, tokensPerSecond: 0, kvUsage: null, draining: false }
  agent.send(encodeJsonFrame(frameType.heartbeat, 0, { ...beat, pace: 2.5 }))
  await vi.waitFor(() => expect(session.reported).toMatchObject({ pace: 2.5 }), 20_000)
  // As agents of before say it.
  agent.send(encodeJsonFrame(frameType.heartbeat, 0, beat))
  await vi.waitFor(() => expect(session.reported?.pace).toBeUndefined(), 20_000)
  agent.send(encodeJsonFrame(frameType.heartbeat, 0, { ...beat, pace }))
  expect(decodeJsonPayload(await agent.take(frameType.reject))).toMatchObject({ code: 'protocol_violation' })
  await agent.closed
  await linked()
})

test('heartbeats, presented receipts and confirmations pass', async () => {
  const { agent, session } = await linked()
  const beat = { sentAtMs: 1, activeStreams: 3, queuedStreams: 2, tokensPerSecond: 9.5, kvUsage: null, draining: false }
  agent.send(encodeJsonFrame(frameType.heartbeat, 0, beat))
  await vi.waitFor(
    () =>
      expect(session.reported).toMatchObject({
        activeStreams: 3,
        queuedStreams: 2,
        ownAtHeartbeat: 0,
        draining: false,
      }),
    20_000,
  )
  const { signed, workHash } = workOf(intentOf('req_a'))
  agent.send(encodeJsonFrame(frameType.represent, 0, signed))
  expect(decodeJsonPayload(await agent.take(frameType.confirm))).toMatchObject({ reason: 'test' })
  confirmTo(nodeId, { workHash, delivery: null, signature: null, reason: null })
  expect(decodeJsonPayload(await agent.take(frameType.confirm))).toMatchObject({ workHash })
  agent.send(encodeFrame(frameType.ping, 0, Buffer.from('12345678')))
  expect(Buffer.from((await agent.take(frameType.pong)).payload).toString()).toBe('12345678')
})

/** An agent that knows no questions sends the nine bytes back, as any other ping; none is asked again at once. */
test('a node is asked how it is by a ping, at a bounded rate, and what it sends back measures the way', async () => {
  const { agent, session } = await linked()
  await vi.waitFor(() => expect(session.rttMs).not.toBeNull(), 20_000)
  const before = agent.asked()
  const rttMs = session.rttMs
  for (let i = 0; i < 100; i++) session.askLoad?.()
  await vi.waitFor(() => expect(agent.asked()).toBe(before + 1), 20_000)
  await vi.waitFor(() => expect(session.rttMs).not.toBe(rttMs), 20_000)
  agent.send(encodeFrame(frameType.ping, 0, Buffer.from('12345678')))
  await agent.take(frameType.pong)
  expect(agent.asked()).toBe(before + 1)
})

const notice: EpochNotice = {
  anchor: { epoch: 7 },
  anchorSignature: `0x${'01'.repeat(65)}`,
  receiptAnchor: contracts.receiptAnchor,
  filePath: '/v1/epochs/7/file',
  fileBytes: 100,
  record: { epoch: 7 },
  recordSignature: `0x${'02'.repeat(65)}`,
  slaLedger: contracts.slaLedger,
}

test('a node hears of closed epochs, those that wait for it first, and its answer arrives', async () => {
  expect(notifyNode(nodeId, notice)).toBe(false)
  noticesDue = [{ ...notice, fileBytes: 99 }]
  const { agent } = await linked()
  expect(decodeJsonPayload(await agent.take(frameType.epochNotice))).toEqual(noticesDue[0])
  expect(notifyNode(nodeId, notice)).toBe(true)
  expect(decodeJsonPayload(await agent.take(frameType.epochNotice))).toEqual(notice)
  const answer = { epoch: 7, version: 0, signature: null, reason: 'earned is 5, the record says 4' }
  agent.send(encodeJsonFrame(frameType.recordAnswer, 0, answer))
  await vi.waitFor(() => expect(answered).toEqual([[nodeId, answer]]), 20_000)
  agent.send(encodeJsonFrame(frameType.recordAnswer, 0, { epoch: -1 }))
  expect(decodeJsonPayload(await agent.take(frameType.reject))).toMatchObject({ code: 'protocol_violation' })
})

test('a frozen agent is cut off after the silence limit', async () => {
  const { agent, session } = await linked()
  const stream = session.open(header, Buffer.from('{}'))
  agent.freeze()
  expect(await stream.ended).toEqual({ kind: 'link_lost' })
  await agent.closed
})

test('any other upgrade is refused', async () => {
  const response = await new Promise<number | undefined>((resolve) => {
    void import('ws').then(({ WebSocket }) => {
      const socket = new WebSocket(url.replace('agent/link', 'other'))
      socket.on('error', () => undefined)
      socket.on('unexpected-response', (_, { statusCode }) => resolve(statusCode))
    })
  })
  expect(response).toBe(404)
})

/** An upgraded socket has left the HTTP server and its time limits: what is not closed here stays open for ever. */
test('a refused upgrade is closed even when the other side keeps its end open', async () => {
  const { port } = http.address() as AddressInfo
  const stranger = connectTcp({ port, host: '127.0.0.1', allowHalfOpen: true })
  stranger.on('error', () => {})
  stranger.resume()
  stranger.write('GET /elsewhere HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n')
  await new Promise((resolve) => stranger.once('end', resolve))
  const connections = () => new Promise((resolve) => http.getConnections((_error, count) => resolve(count)))
  await expect.poll(connections).toBe(0)
  stranger.destroy()
})

test('a stranger who sends more than an agent ever would is cut off before it is read', async () => {
  const socket = new WebSocket(url)
  await new Promise((resolve) => socket.once('open', resolve))
  const closed = new Promise<number>((resolve) => socket.once('close', resolve))
  socket.on('error', () => {})
  socket.send(Buffer.alloc(AGENT_FRAME_BYTES_MAX + 1))
  expect(await closed).toBe(1009)
})
