import { expect, test } from 'vitest'
import { ownBytes } from './own-bytes.ts'

test('a piece of a slab is copied into memory of its own, whole buffers are not', () => {
  const piece = Buffer.from('a piece of a slab')
  expect(piece.buffer.byteLength, 'Node pools small buffers').toBeGreaterThan(piece.byteLength)
  const own = ownBytes(piece)
  expect(own.toString()).toBe('a piece of a slab')
  expect(own.buffer.byteLength).toBe(own.byteLength)
  expect(ownBytes(own)).toBe(own)
})

test('the middle of a large message lets go of the message', () => {
  const message = Buffer.alloc(200_000, 7)
  expect(ownBytes(message.subarray(100, 300)).buffer.byteLength).toBe(200)
})
