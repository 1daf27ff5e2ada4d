import fc from 'fast-check'
import { expect, test } from 'vitest'
import { HttpAnswer } from './http-answer.ts'

/** Reads `text` in the pieces that `cuts` make of it. */
function read(text: string, cuts: readonly number[] = []) {
  const bytes = Buffer.from(text, 'latin1')
  const said = { status: 0, body: '' }
  const answer = new HttpAnswer(
    (status) => (said.status = status),
    (from, start, end) => (said.body += from.toString('latin1', start, end)),
  )
  const ends = [...cuts.map((cut) => cut % (bytes.length + 1)), bytes.length].toSorted((a, b) => a - b)
  let at = 0
  for (const end of ends) {
    // In a buffer that is used again, as a connection's is.
    const piece = Buffer.alloc(end - at + 3, 'x')
    bytes.copy(piece, 0, at, end)
    answer.read(piece, end - at)
    at = end
  }
  return { ...said, isWhole: answer.isWhole, keptMs: answer.keptMs, end: () => answer.end() }
}

const chunked = 'HTTP/1.1 200 OK\r\nTransfer-Encoding: Chunked\r\n'
const body = fc.string({ unit: 'binary', maxLength: 40 }).map((text) => Buffer.from(text).toString('latin1'))
const cuts = fc.array(fc.nat(400), { maxLength: 30 })

/** What an engine says does not depend on how the network cuts it. */
test('a chunked body is the same however it is cut, with extensions and trailers', () => {
  const chunk = fc.tuple(
    body.filter(({ length }) => length > 0),
    fc.constantFrom('', ';a=b', ' ; c="d"'),
    fc.boolean(),
  )
  const answer = fc.tuple(fc.array(chunk, { maxLength: 6 }), fc.constantFrom('', 'x: y\r\n', 'x: y\r\nz:\r\n'))
  fc.assert(
    fc.property(answer, cuts, fc.boolean(), ([chunks, trailers], at, early) => {
      const parts = chunks.map(([text, extension, upper]) => {
        const size = text.length.toString(16)
        return `${upper ? size.toUpperCase() : size}${extension}\r\n${text}\r\n`
      })
      const hints = early ? 'HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nlink: x\r\n\r\n' : ''
      const text = `${hints}${chunked}\r\n${parts.join('')}0\r\n${trailers}\r\n`
      const expected = { status: 200, body: chunks.map(([said]) => said).join(''), isWhole: true, keptMs: 4_000 }
      expect(read(text, at)).toMatchObject(expected)
      expect(read(text.slice(0, -1), at).isWhole).toBe(false)
    }),
  )
})

test('a counted body is the same however it is cut', () => {
  fc.assert(
    fc.property(body, cuts, (text, at) => {
      const head = `HTTP/1.1 422 No\r\ncontent-length: ${text.length}\r\n\r\n`
      expect(read(head + text, at)).toMatchObject({ status: 422, body: text, isWhole: true, keptMs: 4_000 })
    }),
  )
})

test('a body without a length ends with its connection, and a cut one does not', () => {
  const open = read('HTTP/1.1 200 OK\r\n\r\nall', [20, 21])
  expect(open).toMatchObject({ body: 'all', isWhole: false })
  expect(open.end()).toBe(true)
  for (const cut of [
    'HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\nall',
    `${chunked}\r\n3\r\nall\r\n`,
    'HTTP/1.1 200 OK\r\n',
    '',
  ]) {
    expect(read(cut).end()).toBe(false)
  }
})

test.each([
  ['what a server says', 'HTTP/1.1 200 OK\r\ncontent-length: 0\r\nkeep-alive: timeout=5\r\n\r\n', 4_000],
  ['never for long', 'HTTP/1.1 200 OK\r\ncontent-length: 0\r\nKeep-Alive: max=3, timeout=999999\r\n\r\n', 600_000],
  ['no time at all', 'HTTP/1.1 200 OK\r\ncontent-length: 0\r\nkeep-alive: timeout=1\r\n\r\n', 0],
  ['a close', 'HTTP/1.1 200 OK\r\ncontent-length: 0\r\nConnection: Close\r\n\r\n', 0],
  ['HTTP/1.0', 'HTTP/1.0 200 OK\r\ncontent-length: 0\r\n\r\n', 0],
  ['HTTP/1.0 that keeps', 'HTTP/1.0 200 OK\r\ncontent-length: 0\r\nconnection: keep-alive\r\n\r\n', 4_000],
  ['a length beside chunks', `${chunked}content-length: 3\r\n\r\n0\r\n\r\n`, 0],
  ['bytes behind the answer', 'HTTP/1.1 204 No\r\n\r\nHTTP', 0],
])('a connection is kept for as long as it may be used: %s', (_name, text, keptMs) => {
  expect(read(text)).toMatchObject({ isWhole: true, keptMs })
})

test.each([
  ['another protocol', 'SSH-2.0-OpenSSH_9.6\r\n\r\n'],
  ['HTTP/2', 'HTTP/2 200\r\n\r\n'],
  ['a switch of protocols', 'HTTP/1.1 101 Switching\r\n\r\n'],
  ['a status of four digits', 'HTTP/1.1 2000 OK\r\n\r\n'],
  ['a header without a name', 'HTTP/1.1 200 OK\r\n: x\r\n\r\n'],
  ['a header that goes on', 'HTTP/1.1 200 OK\r\nx: y\r\n z\r\n\r\n'],
  ['a space before the colon', 'HTTP/1.1 200 OK\r\ncontent-length : 3\r\n\r\n'],
  ['two lengths', 'HTTP/1.1 200 OK\r\ncontent-length: 3\r\ncontent-length: 4\r\n\r\n'],
  ['a length that is no number', 'HTTP/1.1 200 OK\r\ncontent-length: +3\r\n\r\n'],
  ['another coding', 'HTTP/1.1 200 OK\r\ntransfer-encoding: gzip, chunked\r\n\r\n'],
  ['a head without an end', `HTTP/1.1 200 OK\r\n${'x: y\r\n'.repeat(6_000)}`],
  ['a size that is no number', `${chunked}\r\nxyz\r\n`],
  ['no size', `${chunked}\r\n\r\n`],
  ['an endless size', `${chunked}\r\n000000001\r\n`],
  ['a chunk that is longer than it says', `${chunked}\r\n2\r\nall\r\n`],
  ['a bare line feed', `${chunked}\r\n3\nall\r\n`],
  ['an endless extension', `${chunked}\r\n3;${'x'.repeat(40_000)}`],
  ['endless trailers', `${chunked}\r\n0\r\n${'x: y\r\n'.repeat(8_000)}`],
])('what is not HTTP is refused, and takes no memory: %s', (_name, text) => {
  expect(() => read(text)).toThrow(expect.objectContaining({ name: 'HttpViolation' }))
  expect(() => read(text, [5, 30, 31, 47, 48, 49])).toThrow(expect.objectContaining({ name: 'HttpViolation' }))
})
