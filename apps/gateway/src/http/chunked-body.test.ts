import { once } from 'node:events'
import { createServer, type ServerResponse } from 'node:http'
import { connect, type AddressInfo } from 'node:net'
import { afterEach, expect, test } from 'vitest'
import { chunkedBody } from './chunked-body.ts'

const stops: (() => unknown)[] = []
afterEach(async () => {
  for (const stop of stops.splice(0).toReversed()) await stop()
})

/** An address whose answers are written by `answer`. */
async function serverOf(answer: (response: ServerResponse) => void): Promise<number> {
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
