/**
 * Requests as bytes: sound ones with any path, header and body, and broken ones whose lengths, chunks or lines are wrong. Sound
 * ones may share a connection, one right behind the other.
 */
import type { Prng } from '@isochrone/domain'
import fc from 'fast-check'
import { arbitraryBody } from './arbitrary-body.ts'
import { mutate } from './mutate.ts'

export interface RawRequest {
  readonly bytes: Buffer
  readonly method: string
}

/** Characters that a header may hold. */
const token = fc.string({
  unit: fc.constantFrom(...Array.from('abcXYZ0189-_=;,:/."\'()<>@[]{}?+*%$#! ~|\u00e9')),
  maxLength: 40,
})
const count = fc.constantFrom('0', '1', '-1', '1.5', '1e3', '300', 'soon', '', '9'.repeat(30), '0x10', ' 7 ')
const headers = (key: string): fc.Arbitrary<[string, string]> =>
  fc.oneof(
    fc
      .constantFrom(`Bearer ${key}`, 'Bearer', 'Bearer wrong', `bearer ${key}`, 'Basic eDp5', '')
      .map(named('authorization')),
    fc.oneof(token, fc.uuid(), fc.constant('k'.repeat(300))).map(named('idempotency-key')),
    count.map(named('x-isochrone-timeout-ms')),
    fc.constantFrom('1', '0', 'yes').map(named('x-isochrone-explain')),
    fc.constantFrom('1', '1', '0', 'x').map(named('x-isochrone-queue')),
    fc.constantFrom('0', '-1', 'x', '1.5', '9'.repeat(20)).map(named('x-isochrone-wait-ms')),
    fc.constantFrom('wait=0', 'respond-async', 'wait=', 'wait=99999999').map(named('prefer')),
    fc.oneof(token, fc.constant('s'.repeat(400))).map(named('x-session-id')),
    fc.constantFrom('text/event-stream', '*/*', '', ';;q=').map(named('accept')),
    fc.constantFrom('100-continue', '200-ok', '').map(named('expect')),
    fc.constantFrom('h2c', 'websocket', 'x').map(named('upgrade')),
    fc.constantFrom('close', 'keep-alive', 'upgrade', 'close, upgrade', 'x').map(named('connection')),
    fc.constantFrom('gzip', 'identity', 'br, gzip', '').map(named('content-encoding')),
    fc
      .constantFrom('00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01', '00-0-0-0', '')
      .map(named('traceparent')),
    fc
      .tuple(fc.constantFrom('cookie', 'origin', 'range', 'x-request-id', 'x-forwarded-for', 'te', 'x'), token)
      .map(([name, value]): [string, string] => [name, value]),
  )
const named =
  (name: string) =>
  (value: string): [string, string] => [name, value]

const contentType = fc.oneof(
  { weight: 30, arbitrary: fc.constant('application/json') },
  {
    weight: 1,
    arbitrary: fc.constantFrom(
      'application/json; charset=utf-8',
      'APPLICATION/JSON',
      'text/plain',
      '',
      'application/',
      ';',
      '*/*',
      'multipart/form-data; boundary=x',
    ),
  },
)
const id = fc.oneof(
  fc.constantFrom('job_', `job_${'0'.repeat(32)}`, `resp_${'0'.repeat(32)}`, '%00', '..', '%ff', 'a'.repeat(3_000)),
  fc.uuid(),
)
const elsewhere: fc.Arbitrary<{ method: string; target: string }> = fc
  .tuple(
    fc.constantFrom('GET', 'POST', 'DELETE', 'PUT', 'OPTIONS', 'PATCH', 'HEAD', 'TRACE', 'PURGE'),
    fc.oneof(
      fc.constantFrom(
        '/',
        '//',
        '/v1',
        '/v1/models',
        '/v1/models/x',
        '/v1/gateways',
        '/healthz',
        '/v1/chat/completions',
        '/v1/files',
      ),
      fc.constantFrom(
        '/internal/v1/dispatch',
        '/internal/v1/close-epoch',
        '/internal/v1/correct-record',
        '/v1/agent/link',
        '/v1/epochs/1/file',
        '/v1/epochs/x/file',
      ),
      id.map((each) => `/v1/jobs/${each}`),
      id.map((each) => `/v1/responses/${each}?stream=x&starting_after=${each}`),
      id.map((each) => `/v1/jobs/${each}/cancel`),
      fc.webPath({ size: 'small' }).map((path) => (path.startsWith('/') ? path : `/${path}`)),
      fc.constantFrom(
        '/%',
        '/%zz',
        '/%c0%80',
        `/${'a'.repeat(9_000)}`,
        '*',
        'http://a/v1/models',
        '/v1/models?a=%',
        '/\u00e9',
      ),
    ),
  )
  .map(([method, target]) => ({ method, target }))

interface Parts {
  method: string
  target: string
  headers: [string, string][]
  body: Buffer
  chunked: boolean
}

const parts = (key: string, models: readonly string[]): fc.Arbitrary<Parts> =>
  fc
    .tuple(
      arbitraryBody(models),
      fc.oneof({ weight: 9, arbitrary: fc.constant(null) }, { weight: 1, arbitrary: elsewhere }),
      contentType,
      fc.array(headers(key), { maxLength: 3 }),
      fc.nat(9),
      fc.nat(40),
    )
    .map(([{ path, body }, other, type, some, chunks, without]) => {
      const own: [string, string][] = [['host', 'localhost']]
      if (!some.some(([name]) => name === 'authorization')) own.push(['authorization', `Bearer ${key}`])
      own.push(['content-type', type])
      // Headers that say how the body is framed are this list's end, and right.
      const all = [...own, ...some.filter(([name]) => name !== 'upgrade' || other !== null)]
      return {
        method: other?.method ?? 'POST',
        target: other?.target ?? path,
        headers: without === 0 ? all.slice(1) : all,
        body: other && chunks > 2 ? Buffer.alloc(0) : body,
        chunked: chunks === 0,
      }
    })

function bytesOf({ method, target, headers: all, body, chunked }: Parts): Buffer {
  const framing = chunked ? 'transfer-encoding: chunked' : `content-length: ${body.length}`
  const lines = all.map(([name, value]) => `${name}: ${value}\r\n`).join('')
  const head = Buffer.from(`${method} ${target} HTTP/1.1\r\n${lines}${framing}\r\n\r\n`, 'latin1')
  return Buffer.concat([head, chunked ? chunkedOf(body) : body])
}

function chunkedOf(body: Buffer): Buffer {
  const out: Buffer[] = []
  for (let at = 0; at < body.length; at += 1_000) {
    const part = body.subarray(at, at + 1_000)
    out.push(Buffer.from(`${part.length.toString(16)}\r\n`), part, Buffer.from('\r\n'))
  }
  return Buffer.concat([...out, Buffer.from('0\r\n\r\n')])
}

/** Requests that HTTP has no fault to find with. */
export const soundRequest = (key: string, models: readonly string[]): fc.Arbitrary<RawRequest> =>
  parts(key, models).map((each) => ({ bytes: bytesOf(each), method: each.method }))

const noHttp: readonly Buffer[] = [
  Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'),
  Buffer.from([0x16, 3, 1, 2, 0, 1, 0, 1, 0xfc, 3, 3]),
  Buffer.from('GET\r\n\r\n'),
  Buffer.from('\r\n\r\n\r\n'),
  Buffer.from('CONNECT localhost:1 HTTP/1.1\r\nhost: localhost\r\n\r\n'),
  Buffer.from(`GET / HTTP/1.1\r\nhost: a\r\nx: ${'y'.repeat(20_000)}\r\n\r\n`),
  Buffer.from(`GET / HTTP/1.1\r\nhost: a\r\n${'x: y\r\n'.repeat(2_100)}\r\n`),
  Buffer.from('GET / HTTP/1.1\r\nhost: a\r\n folded\r\n\r\n'),
  Buffer.from('GET / HTTP/1.0\r\n\r\n'),
  Buffer.from('GET / HTTP/3.7\r\nhost: a\r\n\r\n'),
]
const lengths = ['-1', '+5', '0x5', '5, 5', '99999999999999999999', '5 ', '', '1', '100000']

/** A request that HTTP has a fault to find with, made of a sound one. */
export function broken({ bytes }: RawRequest, rng: Prng): Buffer {
  const text = bytes.toString('latin1')
  switch (rng.below(6)) {
    case 0:
      return noHttp[rng.below(noHttp.length)] ?? bytes
    case 1:
      return Buffer.from(
        text.replace(
          /(content-length|transfer-encoding): [^\r]*/,
          `content-length: ${lengths[rng.below(lengths.length)]}`,
        ),
        'latin1',
      )
    case 2:
      return Buffer.from(text.replace('content-length:', 'transfer-encoding: chunked\r\ncontent-length:'), 'latin1')
    case 3:
      return bytes.subarray(0, rng.below(bytes.length))
    default: {
      const end = bytes.indexOf('\r\n\r\n') + 4
      return Buffer.concat([mutate(Buffer.from(bytes.subarray(0, end)), rng), bytes.subarray(end)])
    }
  }
}
