import { CHUNK_BYTES_MAX } from '@isochrone/protocol'
import { expect, test } from 'vitest'
import { LinkStream, STREAM_CREDIT_BYTES } from './link-stream.ts'

function opened() {
  const cancelled: number[] = []
  const forgotten: number[] = []
  const stream = new LinkStream(1, `0x${'11'.repeat(32)}`, {
    creditDue: () => {},
    sendCancel: ({ id }) => void cancelled.push(id),
    forget: ({ id }) => void forgotten.push(id),
  })
  return { stream, cancelled, forgotten }
}

/** One customer can bring it about: it may cost nobody else their stream. */
test('a chunk that is too large ends its stream alone, as the failure of its node, behind what came before it', async () => {
  const { stream, cancelled, forgotten } = opened()
  stream.push({ tokensOut: 1, chunk: Buffer.from('before') })
  stream.push({ tokensOut: 2, chunk: new Uint8Array(CHUNK_BYTES_MAX + 1) })
  stream.push({ tokensOut: 3, chunk: Buffer.from('behind') })
  const seen: string[] = []
  for await (const { chunk } of stream.chunks) seen.push(Buffer.from(chunk).toString())
  expect(seen).toEqual(['before'])
  expect(await stream.ended).toMatchObject({ kind: 'ended', end: { status: 'engine_failed', work: null } })
  expect([cancelled, forgotten]).toEqual([[1], [1]])
})

test('a chunk of the largest size is taken, and what comes without credit breaks the protocol', () => {
  const { stream } = opened()
  stream.push({ tokensOut: 1, chunk: new Uint8Array(STREAM_CREDIT_BYTES - 65) })
  stream.push({ tokensOut: 1, chunk: new Uint8Array(CHUNK_BYTES_MAX) })
  expect(() => stream.push({ tokensOut: 2, chunk: Buffer.from('x') })).toThrow('without credit')
})
