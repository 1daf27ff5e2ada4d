/** The hash under every receipt is Keccak-256 and nothing else: held against a published vector and two libraries. */
import fc from 'fast-check'
import { createKeccak } from 'hash-wasm'
import { keccak256 as keccakOfViem } from 'viem'
import { expect, test } from 'vitest'
import { hexToBytes } from './hex.ts'
import {
  bytesToHex,
  createKeccakStream,
  hashInput,
  hashInputInto,
  keccak256,
  keccak256Hex,
  keccakInput,
} from './keccak.ts'

const reference = await createKeccak(256)
const expected = (bytes: Uint8Array): string => `0x${reference.init().update(bytes).digest('hex')}`

test('the hash of nothing is the one that Ethereum knows', () => {
  const ofNothing = '0xc5d2460186f7233c927e7db2dcc703c0e500b653ca82273b7bfad8045d85a470'
  expect(keccak256Hex(new Uint8Array(0))).toBe(ofNothing)
  expect(bytesToHex(keccak256())).toBe(ofNothing)
})

test('every length up to three blocks, and those about the longest that is hashed at once', () => {
  const lengths = [...Array.from({ length: 410 }, (_, i) => i), 65_279, 65_280, 65_414, 65_415, 65_416, 65_417, 200_000]
  for (const length of lengths) {
    const bytes = Uint8Array.from({ length }, (_, i) => (i * 31 + length) & 0xff)
    expect(keccak256Hex(bytes), `${length} bytes`).toBe(expected(bytes))
  }
})

test('parts hash as what they amount to, whatever was hashed before', () => {
  fc.assert(
    fc.property(fc.array(fc.uint8Array({ maxLength: 400 }), { maxLength: 6 }), (parts) => {
      const whole = Buffer.concat(parts)
      expect(bytesToHex(keccak256(...parts))).toBe(keccakOfViem(whole))
      expect(keccak256Hex(whole)).toBe(expected(whole))
    }),
  )
})

test('bytes as hex and back, of any length, and wherever they lie', () => {
  const all = Uint8Array.from({ length: 400 }, (_, i) => (i * 31) & 0xff)
  for (let length = 0; length <= 300; length++) {
    const bytes = all.subarray(100 - (length % 100), 100 - (length % 100) + length)
    const hex = bytesToHex(bytes)
    expect(hex).toBe(`0x${Buffer.from(bytes).toString('hex')}`)
    expect(hexToBytes(hex)).toEqual(Uint8Array.from(bytes))
  }
})

/** A result that a later hash could change would be a receipt that changes after it was signed. */
test('a result stays what it is when more is hashed', () => {
  const first = keccak256(Buffer.from('first'))
  const copy = bytesToHex(first)
  keccak256(Buffer.from('second'))
  expect(bytesToHex(first)).toBe(copy)
})

test('an input that is kept hashes as it stands, into itself or another, and is not disturbed by other hashes', () => {
  const inputs = [0, 32, 66, 135, 136, 137, 271, 272].map((length) => keccakInput(length))
  const target = keccakInput(40)
  for (let round = 1; round <= 3; round++) {
    for (const input of inputs) {
      input.bytes.fill(round * 37)
      keccak256(new Uint8Array(1_000).fill(255))
      expect(bytesToHex(hashInput(input))).toBe(expected(input.bytes))
      target.bytes.fill(round)
      hashInputInto(input, target, 5)
      const written = Buffer.concat([Buffer.alloc(5, round), hexToBytes(expected(input.bytes)), Buffer.alloc(3, round)])
      expect(target.bytes.equals(written)).toBe(true)
      expect(bytesToHex(hashInput(target))).toBe(expected(written))
    }
  }
})

test('room for kept inputs ends with a word, not with another input overwritten', () => {
  expect(() => keccakInput(65_536)).toThrow('the memory for kept inputs is full')
})

test('a stream hashes as its pieces amount to, beside another one', async () => {
  const [one, two] = [await createKeccakStream(), await createKeccakStream()]
  for (const piece of ['a', 'bc', 'd'.repeat(500)]) {
    one.update(Buffer.from(piece))
    two.update(Buffer.from(piece.toUpperCase()))
    keccak256(Buffer.from(piece))
  }
  const text = `abc${'d'.repeat(500)}`
  expect(one.digest()).toBe(expected(Buffer.from(text)))
  expect(two.digest()).toBe(expected(Buffer.from(text.toUpperCase())))
})
