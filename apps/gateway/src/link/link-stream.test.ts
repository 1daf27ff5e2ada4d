import { expect, test } from 'vitest'
import { LinkStream } from './link-stream.ts'

const wire = { creditDue: () => {}, sendCancel: () => {}, forget: () => {} }

test('a chunk that no token needs is refused, so that credits bound memory', () => {
  const stream = new LinkStream(1, `0x${'11'.repeat(32)}`, wire)
  stream.push({ tokensOut: 1, chunk: new Uint8Array(64 * 1024) })
  expect(() => stream.push({ tokensOut: 2, chunk: new Uint8Array(1024 * 1024) })).toThrow('a chunk above')
})
