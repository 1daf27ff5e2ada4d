import { once } from 'node:events'
import { createServer, type Server, type ServerResponse } from 'node:http'
import { createServer as createTcpServer, type AddressInfo, type Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { Pool } from 'undici'
import { afterEach, expect, test, vi } from 'vitest'
import { EnginePool } from './engine-pool.ts'
import { throughUndici } from './engine-requests.ts'
import { EventStream, type EngineRequests } from './event-stream.ts'
import type { AnswerController } from './answer-handler.ts'

const closers: (() => unknown)[] = []
afterEach(async () => {
  for (const close of closers.splice(0)) await close()
})

const portOf = (server: Server | ReturnType<typeof createTcpServer>) => (server.address() as AddressInfo).port

function poolFor(port: number, { host = '127.0.0.1', connectionsMax = 4, silenceMsMax = 5_000 } = {}) {
  const pool = new EnginePool({ host, port, hostHeader: `${host}:${port}`, connectionsMax, silenceMsMax })
  closers.push(() => pool.close())
  return pool
}

/** Sends a POST of `body`; resolves with the answer. */
function post(pool: EngineRequests, body: string, onStart: (controller: AnswerController) => void = () => {}) {
  const { promise, resolve, reject } = Promise.withResolvers<{ status: number; text: string }>()
  let status = 0
  const parts: Buffer[] = []
  pool.dispatch(
    { path: '/v1/x?y=z', headers: { 'content-type': 'text/plain', authorization: 'Bearer key' }, body },
    {
      onRequestStart: onStart,
      onResponseStart: (_controller, httpStatus) => (status = httpStatus),
      onBytes: (_controller, bytes, from, to) => parts.push(Buffer.from(bytes.subarray(from, to))),
      onResponseEnd: () => resolve({ status, text: Buffer.concat(parts).toString() }),
      onResponseError: (_controller, error) => reject(error),
    },
  )
  return promise
}

/** A server of Node that says what it was asked, in two pieces. */
async function echo() {
  let most = 0
  let open = 0
  const sockets = new Set<Socket>()
  const server = createServer((request, response) => {
    most = Math.max(most, (open += 1))
    sockets.add(request.socket)
    const parts: Buffer[] = []
    const { method, url, headers } = request
    response.write(`${method} ${url} ${headers.host} ${headers['content-type']} ${headers.authorization} `)
    request.on('data', (part: Buffer) => parts.push(part))
    request.once('end', () => setTimeout(() => response.end(Buffer.concat(parts), () => (open -= 1)), 5))
  }).listen(0)
  await once(server, 'listening')
  closers.push(() => (server.closeAllConnections(), server.close()))
  return { port: portOf(server), sockets, most: () => most }
}

test.each(['127.0.0.1', '::1', 'localhost'])(
  'an engine at %s gets the request as it is, and its answer comes whole',
  async (host) => {
    const { port } = await echo()
    const text = `${'ü'.repeat(100_000)}!`
    const asked = `POST /v1/x?y=z ${host}:${port} text/plain Bearer key ${text}`
    expect(await post(poolFor(port, { host }), text)).toEqual({ status: 200, text: asked })
  },
)

test('a general client, for engines behind TLS, says the same', async () => {
  const { port } = await echo()
  const pool = new Pool(`http://127.0.0.1:${port}`)
  closers.push(() => pool.destroy())
  const asked = `POST /v1/x?y=z 127.0.0.1:${port} text/plain Bearer key body`
  expect(await post(throughUndici(pool), 'body')).toEqual({ status: 200, text: asked })
})

test('more requests than connections wait in order, and connections are used again', async () => {
  const { port, sockets, most } = await echo()
  const pool = poolFor(port, { connectionsMax: 3 })
  const order: number[] = []
  const texts = Array.from({ length: 20 }, (_, index) => `body ${index}`)
  const answers = await Promise.all(texts.map((text, index) => post(pool, text, () => order.push(index))))
  for (const [index, { text }] of answers.entries()) expect(text.endsWith(` body ${index}`)).toBe(true)
  expect(order).toEqual(texts.map((_, index) => index))
  expect(most()).toBe(3)
  expect(sockets.size).toBe(3)
})

test('who gives up before its turn takes no connection from those that wait', async () => {
  const { port, sockets } = await echo()
  const pool = poolFor(port, { connectionsMax: 1 })
  const first = post(pool, 'first')
  const given = post(pool, 'given up', (controller) => controller.abort(new Error('given up')))
  const last = post(pool, 'last')
  await expect(given).rejects.toThrow('given up')
  expect((await first).text).toContain('first')
  expect((await last).text).toContain('last')
  expect(sockets.size).toBe(2)
})

/** A server whose answers are not what Node's would be. */
async function raw(answer: (socket: Socket) => void) {
  const server = createTcpServer((socket) => {
    closers.push(() => socket.destroy())
    socket.on('error', () => {}).on('data', () => answer(socket))
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  closers.push(() => server.close())
  return portOf(server)
}

test('bytes that nobody asked for close the connection, and hurt no other request', async () => {
  const port = await raw((socket) => {
    socket.write('HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok')
    setTimeout(() => socket.write('HTTP/1.1 200 OK\r\ncontent-length: 3\r\n\r\nbad'), 10)
  })
  const pool = poolFor(port, { connectionsMax: 1 })
  for (let round = 0; round < 3; round++) {
    expect(await post(pool, 'x')).toEqual({ status: 200, text: 'ok' })
    await new Promise((resolve) => setTimeout(resolve, 30))
  }
})

test.each([
  ['what is no HTTP', (socket: Socket) => void socket.write('nonsense\r\n\r\n'), 'HttpViolation'],
  [
    'an answer that is cut',
    (socket: Socket) => void socket.end('HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nok'),
    'Error',
  ],
  ['silence', () => {}, 'EngineSilence'],
  ['silence in the middle', (socket: Socket) => void socket.write('HTTP/1.1 200 OK\r\n\r\nok'), 'EngineSilence'],
])('%s ends the request, and the next one is sent', async (_name, answer, name) => {
  let asked = 0
  const port = await raw((socket) => (asked++ === 0 ? answer(socket) : void socket.end('HTTP/1.1 200 OK\r\n\r\nok')))
  const pool = poolFor(port, { connectionsMax: 1, silenceMsMax: 200 })
  await expect(post(pool, 'x')).rejects.toMatchObject({ name })
  expect(await post(pool, 'x')).toEqual({ status: 200, text: 'ok' })
})

test('a connection that nobody reads is not silent', async () => {
  const port = await raw((socket) => {
    socket.write('HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\nok')
    setTimeout(() => socket.write('ay'), 20)
  })
  const pool = poolFor(port, { silenceMsMax: 100 })
  let text = ''
  const over = new Promise<void>((resolve, reject) => {
    pool.dispatch(
      { path: '/', headers: {}, body: '' },
      {
        onRequestStart() {},
        onResponseStart() {},
        onBytes(controller, bytes, from, to) {
          if (text === '') {
            controller.pause()
            setTimeout(() => controller.resume(), 500)
          }
          text += bytes.toString('utf8', from, to)
        },
        onResponseEnd: () => resolve(),
        onResponseError: (_controller, error) => reject(error),
      },
    )
  })
  await over
  expect(text).toBe('okay')
})

test('a header that would end its line is refused', async () => {
  const { port, sockets } = await echo()
  const { promise, resolve } = Promise.withResolvers<Error>()
  const handler = { onRequestStart() {}, onResponseStart() {}, onBytes() {}, onResponseEnd() {} }
  poolFor(port).dispatch(
    { path: '/', headers: { traceparent: 'a\r\nx: y' }, body: '' },
    { ...handler, onResponseError: (_controller, error) => resolve(error) },
  )
  expect((await promise).message).toContain('header')
  expect(sockets.size).toBe(0)
})

test('an answer that rests is left unread, and its rest is nothing to the next one on that connection', async () => {
  const responses: ServerResponse[] = []
  const server = createServer((_request, response) => void responses.push(response)).listen(0, '127.0.0.1')
  await once(server, 'listening')
  closers.push(() => (server.closeAllConnections(), server.close()))
  const pool = poolFor(portOf(server), { connectionsMax: 1 })
  const opened = async () => {
    const stream = new EventStream(pool, { path: '/', headers: {}, body: '' }, true)
    const count = responses.length
    await vi.waitUntil(() => responses.length > count)
    return { stream, response: responses.at(-1) as ServerResponse }
  }
  const first = await opened()
  first.response.write('data: 1\n\n')
  expect(await first.stream.wait()).toBe(true)
  expect(first.stream.take()).toBe('1')
  first.stream.rest(true)
  first.response.write('data: 2\n\n')
  await sleep(30)
  expect(first.stream.take()).toBeUndefined()
  first.stream.rest(false)
  expect(await first.stream.wait()).toBe(true)
  expect(first.stream.take()).toBe('2')
  first.response.end()
  expect(await first.stream.wait()).toBe(false)
  const second = await opened()
  first.stream.rest(true)
  second.response.write('data: 3\n\n')
  expect(await second.stream.wait()).toBe(true)
  expect(second.stream.take()).toBe('3')
  // One that is over while it rests is none that waits for ever.
  second.stream.rest(true)
  second.stream.abort()
  await expect(second.stream.wait()).rejects.toThrow('not wanted')
})
