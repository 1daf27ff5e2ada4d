/** Our own signer signs as the libraries do, byte for byte, and leaves nothing of a key behind. */
import { createHash } from 'node:crypto'
import { secp256k1 } from '@noble/curves/secp256k1.js'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { secp256k1BackendNamed } from '../secp256k1-backends.ts'
import { at, HASHING_AT, START_AT } from './layout.ts'
import { createOwnSigner } from './own-signer.ts'
import { createSignerModule } from './signer-module.ts'

const { n: ORDER } = secp256k1.Point.CURVE()
const module = createSignerModule()
const signer = createOwnSigner(module)
const bytesOf = (value: bigint): Uint8Array => Buffer.from(value.toString(16).padStart(64, '0'), 'hex')
const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex')

const digests = fc.oneof(
  fc.uint8Array({ minLength: 32, maxLength: 32 }),
  fc.constantFrom(0n, 1n, ORDER - 1n, 2n ** 255n).map(bytesOf),
)
const keys = fc.oneof(
  fc.bigInt({ min: 1n, max: ORDER - 1n }),
  fc.constantFrom(1n, 2n, ORDER - 1n, ORDER - 2n, ORDER >> 1n, 2n ** 128n),
)

test.each(['native', 'wasm'] as const)('any key signs any digest as the library does: %s', (name) => {
  const library = secp256k1BackendNamed(name)
  // Not every machine has the addon; the other library is everywhere.
  if (library === null) return expect(name).toBe('native')
  fc.assert(
    fc.property(digests, keys, (digest, key) => {
      const theirs = library.sign(digest, bytesOf(key))
      const expected = { signature: hex(theirs.signature), recid: theirs.recid }
      const ours = signer.sign(digest, bytesOf(key))
      expect(ours && { signature: hex(ours.signature), recid: ours.recid }).toEqual(expected)
    }),
    { numRuns: 1_000 },
  )
})

/** A vector that several implementations of RFC 6979 for this curve publish; it is of none of those compared here. */
test('key 1 signs “Satoshi Nakamoto” as is published', () => {
  const digest = createHash('sha256').update('Satoshi Nakamoto').digest()
  expect(hex(signer.sign(digest, bytesOf(1n))?.signature ?? new Uint8Array(0))).toBe(
    '934b1ea10a4b3c1757e2b0c017d0b6143ce3c9a7e6a4a49860d7a6ab210ee3d8' +
      '2442ce9d2b916064108014783e923ec36b49743e2ffa1c4496f01a512aafd9e5',
  )
})

test('a digest that is not below n is left to the library', () => {
  for (const value of [ORDER, ORDER + 1n, 2n ** 256n - 1n]) expect(signer.sign(bytesOf(value), bytesOf(9n))).toBeNull()
})

test('what is no key is refused, and so is what is no digest', () => {
  const digest = bytesOf(7n)
  for (const value of [0n, ORDER, ORDER + 1n, 2n ** 256n - 1n]) {
    expect(() => signer.sign(digest, bytesOf(value)), String(value)).toThrow('A private key is from 1 to n − 1')
  }
  expect(() => signer.sign(digest, new Uint8Array(31).fill(1))).toThrow('32 bytes each')
  expect(() => signer.sign(new Uint8Array(33), bytesOf(1n))).toThrow('32 bytes each')
})

/** A key that stayed in memory would be a key that a core dump gives away; a nonce or what came before it is as good as the key. */
test('nothing of a key, a nonce or a sum is left after a signature, nor after a refusal', () => {
  const key = bytesOf(ORDER - 123_456_789n)
  const before = hex(module.memory)
  for (const sign of [() => signer.sign(bytesOf(5n), key), () => signer.sign(bytesOf(5n), bytesOf(ORDER + 5n))]) {
    try {
      sign()
    } catch (error) {
      expect(error).toBeInstanceOf(RangeError)
    }
    expect(module.memory.subarray(at.x, at.one).every((byte) => byte === 0)).toBe(true)
    const left = Buffer.from(module.memory)
    // The first 32 bytes held r and s, which are public.
    left.fill(0, 0, 32)
    const clean = Buffer.from(before, 'hex')
    clean.fill(0, 0, 32)
    expect(left.subarray(0, HASHING_AT).equals(clean.subarray(0, HASHING_AT))).toBe(true)
    expect(left.subarray(START_AT).equals(clean.subarray(START_AT))).toBe(true)
    expect(left.includes(Buffer.from(key))).toBe(false)
    expect(left.includes(Buffer.from(key.toReversed()))).toBe(false)
  }
})

test('hashing leaves no more than what it began with', () => {
  signer.sign(bytesOf(5n), bytesOf(6n))
  const once = hex(module.memory.subarray(HASHING_AT, START_AT))
  signer.sign(bytesOf(2n ** 200n), bytesOf(ORDER - 77n))
  expect(hex(module.memory.subarray(HASHING_AT, START_AT))).toBe(once)
})
