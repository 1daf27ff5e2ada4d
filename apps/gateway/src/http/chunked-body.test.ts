import { once } from 'node:events'
import { createServer, type ServerResponse } from 'node:http'
import { connect, type AddressInfo } from 'node:net'
import { afterEach, expect, test, vi } from 'vitest'
import { chunkedBody, type ChunkedBody } from './chunked-body.ts'

const stops: (() => unknown)[] = []
afterEach(async () => {
  for (const stop of stops.splice(0).toReversed()) await stop()
})

/** An address whose answers are written by `answer`. */
async function serverOf(answer: (response: ServerResponse) => unknown): Promise<number> {
  const server = createServer((_request, response) => answer(response))
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  stops.push(() => new Promise((resolve) => server.close(resolve)))
  return (server.address() as AddressInfo).port
}

/** What comes for the bytes that are sent, until the server ends the connection. */
async function rawAnswer(port: number, sent: string): Promise<string> {
  const socket = connect(port, '127.0.0.1')
  socket.write(sent)
  let text = ''
  for await (const part of socket) text += (part as Buffer).toString()
  return text
}

const speak = (response: ServerResponse): void => {
  response.writeHead(200, { 'content-type': 'text/event-stream' })
  const body = chunkedBody(response)
  body.write(Buffer.from('{"text":"zwölf"}'), Buffer.from('data: '), Buffer.from('\n\n'))
  body.write(new Uint8Array())
  body.write(Buffer.alloc(70_000, 'x'))
  body.end('data: größer\n\n')
}
const said = `data: {"text":"zwölf"}\n\n${'x'.repeat(70_000)}data: größer\n\n`

test('a client reads what was written, and the connection serves the next request', async () => {
  const port = await serverOf(speak)
  for (let turn = 0; turn < 3; turn++) expect(await (await fetch(`http://127.0.0.1:${port}/`)).text()).toBe(said)
})

test('two requests on one connection are answered one behind the other', async () => {
  const port = await serverOf((response) => {
    response.writeHead(200)
    const body = chunkedBody(response)
    body.write(Buffer.from('a'))
    body.end('')
  })
  const request = (more: string) => `GET / HTTP/1.1\r\nhost: x\r\n${more}\r\n`
  const text = await rawAnswer(port, request('') + request('connection: close\r\n'))
  expect(text.match(/\r\n\r\n1\r\na\r\n0\r\n\r\n/g)).toHaveLength(2)
})

test('a client of HTTP/1.0 gets no chunks', async () => {
  const text = await rawAnswer(await serverOf(speak), 'GET / HTTP/1.0\r\n\r\n')
  expect(text.slice(text.indexOf('\r\n\r\n') + 4)).toBe(said)
})

test('an answer that waits for its turn is whole, and so is the one before it', async () => {
  const bodies: ChunkedBody[] = []
  const port = await serverOf((response) => {
    response.writeHead(200)
    bodies.push(chunkedBody(response))
  })
  const request = (more: string) => `GET / HTTP/1.1\r\nhost: x\r\n${more}\r\n`
  const text = rawAnswer(port, request('') + request('connection: close\r\n'))
  await vi.waitUntil(() => bodies.length === 2)
  const [first, second] = bodies as [ChunkedBody, ChunkedBody]
  for (const part of ['a', 'b', 'c']) {
    second.write(Buffer.from(part.toUpperCase()))
    first.write(Buffer.from(part))
    await new Promise((resolve) => setImmediate(resolve))
  }
  first.end('')
  await new Promise((resolve) => setTimeout(resolve, 10))
  second.write(Buffer.from('D'))
  second.end('')
  const parts = (letters: string) =>
    letters
      .split('')
      .map((letter) => `1\r\n${letter}\r\n`)
      .join('')
  const [, one, two] = (await text).split(/HTTP\/1.1 200[^]*?\r\n\r\n/)
  expect([one, two]).toEqual([`${parts('abc')}0\r\n\r\n`, `${parts('ABCD')}0\r\n\r\n`])
})

test('tells who was behind that it has caught up, whatever was written when', async () => {
  const drains: number[] = []
  const port = await serverOf(async (response) => {
    response.writeHead(200)
    const body = chunkedBody(response)
    for (let part = 0; part < 3; part++) {
      if (body.write(Buffer.alloc(4 * 1024 * 1024))) continue
      await once(response, 'drain')
      drains.push(part)
    }
    body.end('')
  })
  const answer = await fetch(`http://127.0.0.1:${port}/`)
  expect((await answer.arrayBuffer()).byteLength).toBe(12 * 1024 * 1024)
  expect(drains).toEqual([0, 1, 2])
})

test('says when the customer should catch up', async () => {
  let full = false
  const port = await serverOf((response) => {
    response.writeHead(200)
    const body = chunkedBody(response)
    full = !body.write(Buffer.alloc(8 * 1024 * 1024))
    body.end('')
  })
  const answer = await fetch(`http://127.0.0.1:${port}/`)
  expect((await answer.arrayBuffer()).byteLength).toBe(8 * 1024 * 1024)
  expect(full).toBe(true)
})
