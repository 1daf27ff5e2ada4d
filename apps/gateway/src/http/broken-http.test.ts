/** What is no HTTP, or only just, as its sender sees it: refused in words where there is a way to, never left waiting. */
import { once } from 'node:events'
import { connect } from 'node:net'
import { afterEach, expect, test, vi } from 'vitest'
import { API_KEY, startFakeGateway } from '../testing/fake-gateway.ts'
import { fakeNode, MODEL } from '../testing/fake-node.ts'

const open: { close(): Promise<unknown> }[] = []
afterEach(async () => {
  for (const gateway of open.splice(0)) await gateway.close()
})

/** Sends it, ends its side, and returns all that comes until the gateway ends the other. */
async function told(bytes: string): Promise<string> {
  const gateway = await startFakeGateway({ nodes: [fakeNode(`0x${'01'.repeat(32)}`, { tokens: ['a'] })] })
  open.push(gateway)
  const socket = connect({ port: Number(new URL(gateway.url).port), host: '127.0.0.1', allowHalfOpen: true })
  let text = ''
  socket.setEncoding('utf8').on('data', (part) => (text += String(part)))
  socket.on('end', () => socket.end())
  socket.end(bytes)
  await once(socket, 'close')
  return text
}

const body = JSON.stringify({ model: MODEL, messages: [{ role: 'user', content: 'Hi' }], max_tokens: 1 })
const head = `POST /v1/chat/completions HTTP/1.1\r\nhost: a\r\nauthorization: Bearer ${API_KEY}\r\ncontent-type: application/json\r\n`

test.each([
  ['no HTTP', 'GARBAGE\r\n\r\n', 400],
  ['HTTP/1.1 without a host', 'GET /v1/models HTTP/1.1\r\nconnection: close\r\n\r\n', 400],
  ['headers without an end', `GET / HTTP/1.1\r\nhost: a\r\nx: ${'y'.repeat(20_000)}\r\n\r\n`, 431],
  ['two lengths', `${head}content-length: 5\r\ncontent-length: 6\r\n\r\n`, 400],
  ['a body that ends too early', `${head}content-length: 500\r\n\r\n${body}`, 400],
  ['a tunnel', 'CONNECT a:1 HTTP/1.1\r\nhost: a\r\n\r\n', 400],
])('%s is refused in the shape of every error', async (_name, bytes, status) => {
  const [line, ...rest] = (await told(bytes)).split('\r\n')
  expect(line).toContain(`HTTP/1.1 ${status} `)
  const id = rest.find((each) => each.startsWith('x-request-id: '))?.slice('x-request-id: '.length)
  const { error } = JSON.parse(rest.at(-1) ?? '') as { error: Record<string, unknown> }
  expect(error).toMatchObject({ code: 'invalid_request', owner: 'client', request_id: id })
})

test('garbage behind a request waits for its answer', async () => {
  const text = await told(`${head}content-length: ${body.length}\r\n\r\n${body}GARBAGE\r\n\r\n`)
  expect(text.match(/HTTP\/1\.1 \d+/g)).toEqual(['HTTP/1.1 200', 'HTTP/1.1 400'])
})

/** Node alone puts the word behind the head of an answer that waits for its turn, where it breaks the answer. */
test('a body is never asked for inside an answer, and what comes behind it is answered too', async () => {
  const node = fakeNode(`0x${'01'.repeat(32)}`, { tokens: ['a'], tokenMs: 200 })
  const gateway = await startFakeGateway({ nodes: [node] })
  open.push(gateway)
  const socket = connect(Number(new URL(gateway.url).port), '127.0.0.1')
  let text = ''
  socket.setEncoding('utf8').on('data', (part) => (text += String(part)))
  const plain = `${head}content-length: ${body.length}\r\n\r\n${body}`
  socket.write(plain)
  await vi.waitFor(() => expect(node.opened).toHaveLength(1))
  // Whole while the first one is still made.
  node.script = { tokens: ['b'] }
  const streamed = body.replace('{', '{"stream":true,')
  socket.write(`${head}expect: 100-continue\r\ncontent-length: ${streamed.length}\r\n\r\n${streamed}${plain}`)
  await vi.waitFor(() => expect(text.match(/HTTP\/1\.1 200/g)).toHaveLength(3), { timeout: 10_000 })
  socket.destroy()
  expect(text.match(/HTTP\/1\.1 \d+/g)).toEqual(['HTTP/1.1 200', 'HTTP/1.1 100', 'HTTP/1.1 200', 'HTTP/1.1 200'])
  expect(text).toMatch(
    /HTTP\/1\.1 100 Continue\r\n\r\nHTTP\/1\.1 200 [^]*?\r\n\r\n[0-9a-f]+\r\ndata: [^]*\r\n0\r\n\r\nHTTP/,
  )
})

test('a client that sends its body only when asked for is asked at its turn', async () => {
  const gateway = await startFakeGateway({ nodes: [fakeNode(`0x${'01'.repeat(32)}`, { tokens: ['a'] })] })
  open.push(gateway)
  const socket = connect(Number(new URL(gateway.url).port), '127.0.0.1')
  let text = ''
  let sent = false
  socket.setEncoding('utf8').on('data', (part) => {
    text += String(part)
    if (sent || !text.includes('100 Continue\r\n\r\n')) return
    sent = true
    socket.write(body)
  })
  const plain = `${head}content-length: ${body.length}\r\n\r\n${body}`
  socket.write(`${plain}${head}expect: 100-continue\r\ncontent-length: ${body.length}\r\n\r\n`)
  await vi.waitFor(() => expect(text.match(/HTTP\/1\.1 200/g)).toHaveLength(2), { timeout: 10_000 })
  socket.destroy()
  expect(text.match(/HTTP\/1\.1 \d+/g)).toEqual(['HTTP/1.1 200', 'HTTP/1.1 100', 'HTTP/1.1 200'])
})

/** Bytes of ours inside another answer would be read as its text. */
test('a broken body behind an answer that still streams ends the connection, without a word inside that answer', async () => {
  const node = fakeNode(`0x${'01'.repeat(32)}`, { tokens: ['a'], status: 'silent' })
  const gateway = await startFakeGateway({ nodes: [node] })
  open.push(gateway)
  const socket = connect(Number(new URL(gateway.url).port), '127.0.0.1')
  let text = ''
  socket.setEncoding('utf8').on('data', (part) => (text += String(part)))
  socket.on('error', () => {})
  const closed = once(socket, 'close')
  const streamed = body.replace('{', '{"stream":true,')
  socket.write(`${head}content-length: ${streamed.length}\r\n\r\n${streamed}`)
  await expect.poll(() => text).toContain('"content":"a"')
  const { requestLimits, metrics } = gateway.deps
  socket.write(`${head}transfer-encoding: chunked\r\n\r\n5\r\n{"mod\r\n`)
  await expect.poll(() => requestLimits.active()).toBe(2)
  socket.write('NO LENGTH\r\n')
  await closed
  expect(text.match(/HTTP\/1\.1/g)).toEqual(['HTTP/1.1'])
  expect(text).not.toContain('could not be read')
  // Neither keeps its place, and both are counted: also the one whose turn to be answered never came.
  await expect.poll(() => requestLimits.active()).toBe(0)
  const counted = 'requests_total{path="/v1/chat/completions",status="499"} 2\n'
  await expect.poll(async () => (await metrics.render()).body).toContain(counted)
})

test('a client that offers another protocol, or expects what nobody knows, is served', async () => {
  const more = 'connection: upgrade, http2-settings\r\nupgrade: h2c\r\nhttp2-settings: AAMAAABk\r\nexpect: the-best\r\n'
  const text = await told(`${head}${more}content-length: ${body.length}\r\n\r\n${body}`)
  expect(text).toContain('HTTP/1.1 200')
})
