/** The link itself: who is at its ends, what closes it, and how a node leaves. */
import { encodeFrame, frameType } from '@isochrone/protocol'
import { hash } from 'node:crypto'
import { once } from 'node:events'
import { createServer, type IncomingMessage } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import { expect, test } from 'vitest'
import { chat, linkedAgent } from './linked-agent.ts'
import { TestGateway } from './test-gateway.ts'

const node = linkedAgent()

test('the node proves its key and says what it is', async () => {
  expect(node.gateway.current?.hello).toMatchObject({
    nodeKey: node.agent.address,
    concurrencyMax: 8,
    simulatedRttMs: null,
  })
  expect(node.gateway.current?.hello.models).toEqual([{ ...node.engine.models[0], quantisation: 'unknown' }])
  await expect.poll(() => node.gateway.heartbeats.length).toBeGreaterThan(2)
  expect(node.gateway.heartbeats.at(-1)).toMatchObject({ activeStreams: 0, draining: false })
})

test.each([
  ['a DATA frame', () => encodeFrame(frameType.data, 1, Buffer.alloc(4))],
  ['bytes that are no frame', () => Buffer.from([0xff, 1, 2])],
  ['an OPEN that is not JSON', () => encodeFrame(frameType.open, 1, Buffer.from([0, 0, 0, 1, 0x7b]))],
  ['a second CHALLENGE', () => encodeFrame(frameType.challenge, 0, Buffer.from('{}'))],
])('%s closes this link alone, and the agent comes back', async (_name, frame) => {
  const other = new TestGateway()
  await other.start()
  await node.restart({ gatewayUrls: [node.gateway.url, other.url] })
  await expect.poll(() => node.agent.links.every((link) => link.ready)).toBe(true)
  const connections = node.gateway.connections
  node.gateway.raw(frame())
  await expect.poll(() => node.gateway.connections, { timeout: 30_000 }).toBe(connections + 1)
  expect([node.gateway.rejects.length, other.connections]).toEqual([1, 1])
  await node.agent.close(0)
  await other.kill()
})

/** Both sides would look at each byte for nobody: see `isOpenToProxies`. */
test('inside one machine the frames of an agent stand on the wire as they are', async () => {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  await node.restart({ gatewayUrls: [`http://127.0.0.1:${(server.address() as AddressInfo).port}`] })
  const [request, socket] = (await once(server, 'upgrade')) as [IncomingMessage, Socket]
  const accept = hash('sha1', `${request.headers['sec-websocket-key']}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`, 'base64')
  const head = ['HTTP/1.1 101 Switching Protocols', 'upgrade: websocket', 'connection: upgrade']
  socket.write(`${head.join('\r\n')}\r\nsec-websocket-accept: ${accept}\r\n\r\n`)
  // An unmasked binary message of one frame that no gateway begins with: the agent says so, and leaves.
  const frame = encodeFrame(frameType.welcome, 0, Buffer.from('{}'))
  socket.write(Buffer.concat([Buffer.from([0x82, frame.length]), frame]))
  const [said] = (await once(socket, 'data')) as [Buffer]
  expect([said[0], (said[1] as number) >> 7]).toEqual([0x82, 1])
  expect(said.toString('latin1')).toContain('the first frame is not a CHALLENGE')
  socket.destroy()
  await node.agent.close(0)
  server.close()
})

/** Credits of another version count something else: neither side may take them for its own. */
test('a gateway of another version of the link is refused with a sentence, until it is replaced', async () => {
  await node.gateway.kill()
  node.gateway.protocol -= 1
  await node.gateway.start()
  await expect.poll(() => node.gateway.rejects.length, { timeout: 30_000 }).toBeGreaterThan(0)
  expect(node.gateway.rejects[0]).toMatchObject({
    code: 'protocol_violation',
    message: expect.stringMatching(/^the gateway speaks link protocol \d+, this agent \d+: update the older one$/),
  })
  expect(node.gateway.welcomes).toBe(1)
  await node.gateway.kill()
  node.gateway.protocol += 1
  await node.gateway.start()
  await node.linked()
  expect((await node.gateway.open({}, chat(3)).end).status).toBe('completed')
})

test('the gateway answers pings and is answered', async () => {
  node.gateway.raw(encodeFrame(frameType.ping, 0, Buffer.from('12345678')))
  await expect.poll(() => node.gateway.pongs).toBe(1)
})

test('a stop lets running requests finish', async () => {
  const stream = node.gateway.open({}, chat(40))
  await expect.poll(() => stream.chunks.length).toBeGreaterThan(0)
  await node.agent.close(30_000)
  expect((await stream.end).status).toBe('completed')
})

test('the delay shim delays both ways, keeps order and is declared', async () => {
  await node.restart({ simulatedNetwork: { rttMs: 80, jitterMs: 10, seed: 1 } })
  await expect.poll(() => node.gateway.current?.hello.simulatedRttMs, { timeout: 30_000 }).toBe(80)
  await expect.poll(() => node.agent.links[0]?.ready).toBe(true)
  const startedMs = performance.now()
  const stream = node.gateway.open({}, chat(10))
  const end = await stream.end
  expect(performance.now() - startedMs).toBeGreaterThanOrEqual(79)
  expect(node.gateway.checkedWork(end.work).outputHash).toBe(stream.chunks.at(-1)?.head)
})
