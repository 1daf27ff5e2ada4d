/** A signature is accepted by a table exactly where the libraries recover that table's key, whatever was done to it. */
import { secp256k1 } from '@noble/curves/secp256k1.js'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { bestSecp256k1Library, secp256k1BackendNamed } from '../secp256k1-backends.ts'
import { bytesOf } from '../own-signer/bytes.ts'
import { checkSignature, prepareChecks } from './check-signature.ts'
import { writeComb } from './comb-table.ts'
import { createKnownModule } from './known-module.ts'
import type { SignedDigest } from './signed-digest.ts'

const { Point } = secp256k1
const { Fn, Fp } = Point
const { n: ORDER, p: PRIME } = Point.CURVE()
type Point = InstanceType<typeof Point>

const library = bestSecp256k1Library()
const module = createKnownModule(1)
prepareChecks(module)

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex')
const isAccepted = (signed: SignedDigest): boolean => checkSignature(module, 1, signed)
const pointOf = (key: bigint): Point => Point.fromHex(hex(library.publicKey(bytesOf(key))))

function keyRecovered({ digest, signature, recid }: SignedDigest, by = library): string | null {
  try {
    return hex(by.recover(signature, recid, digest))
  } catch {
    return null
  }
}

/** Makes the table of a key, and says what the libraries find for it. */
function expectAs(key: Point): (signed: SignedDigest) => boolean {
  writeComb(module, 1, key.toAffine())
  const wanted = hex(key.toBytes(false))
  return (signed) => keyRecovered(signed) === wanted
}

function signedBy(key: bigint, digest: Uint8Array): SignedDigest {
  const { signature, recid } = library.sign(digest, bytesOf(key))
  return { digest, signature: Uint8Array.from(signature), recid }
}

const compact = (r: bigint, s: bigint): Uint8Array => Buffer.concat([bytesOf(r), bytesOf(s)])
const scalars = fc.oneof(
  fc.bigInt({ min: 1n, max: ORDER - 1n }),
  fc.constantFrom(1n, 2n, ORDER - 1n, ORDER - 2n, ORDER >> 1n, (ORDER >> 1n) + 1n),
)
const digests = fc.oneof(
  fc.uint8Array({ minLength: 32, maxLength: 32 }),
  fc.constantFrom(0n, 1n, ORDER - 1n).map(bytesOf),
)

test('what any key signs is accepted, by no other key and with no other recovery byte', () => {
  fc.assert(
    fc.property(scalars, scalars, digests, (key, other, digest) => {
      const signed = signedBy(key, digest)
      expectAs(pointOf(other))
      if (isAccepted(signed)) expect(other).toBe(key)
      const isFound = expectAs(pointOf(key))
      expect(isFound(signed)).toBe(true)
      // Of key ±1 and ±2 a sum may meet its like, and the library decides.
      if (key > 2n && key < ORDER - 2n) expect(isAccepted(signed)).toBe(true)
      expect(isAccepted({ ...signed, recid: 1 - signed.recid })).toBe(false)
    }),
    { numRuns: 500 },
  )
})

/** Not one of 769 bits of a signature and its digest may be another. */
test('no single bit that is turned is accepted, and the library says so', () => {
  fc.assert(
    fc.property(scalars, digests, (key, digest) => {
      const signed = signedBy(key, digest)
      const isFound = expectAs(pointOf(key))
      for (let bit = 0; bit < 768; bit++) {
        const bytes = Uint8Array.from([...signed.signature, ...signed.digest])
        bytes[bit >> 3] = (bytes[bit >> 3] as number) ^ (1 << (bit & 7))
        const turned = { ...signed, signature: bytes.slice(0, 64), digest: bytes.slice(64) }
        expect([isAccepted(turned), isFound(turned)], `bit ${bit}`).toEqual([false, false])
      }
    }),
    { numRuns: 10 },
  )
})

test('a signature whose s is n − s is another’s point turned over, and only so is it accepted', () => {
  fc.assert(
    fc.property(fc.bigInt({ min: 3n, max: ORDER - 3n }), digests, (key, digest) => {
      const signed = signedBy(key, digest)
      const isFound = expectAs(pointOf(key))
      const s = BigInt(`0x${hex(signed.signature.subarray(32))}`)
      const twin = Buffer.concat([signed.signature.subarray(0, 32), bytesOf(ORDER - s)])
      for (const recid of [0, 1]) {
        const signedTwin = { digest, signature: twin, recid }
        expect(isAccepted(signedTwin)).toBe(recid !== signed.recid)
        expect(isFound(signedTwin)).toBe(recid !== signed.recid)
      }
    }),
    { numRuns: 100 },
  )
})

test('r and s of 0, n and more, and a digest that is not below n, are left to the library', () => {
  const key = 987_654_321n
  const signed = signedBy(key, bytesOf(5n))
  expectAs(pointOf(key))
  const [r, s] = [signed.signature.slice(0, 32), signed.signature.slice(32)].map((part) => BigInt(`0x${hex(part)}`))
  for (const wrong of [0n, ORDER, ORDER + 1n, 2n ** 256n - 1n]) {
    for (const signature of [compact(wrong, s as bigint), compact(r as bigint, wrong)]) {
      expect(isAccepted({ ...signed, signature })).toBe(false)
      expect(keyRecovered({ ...signed, signature })).toBeNull()
    }
  }
  // A byte that is missing would be the one of the digest before.
  expect(isAccepted(signed)).toBe(true)
  expect(isAccepted({ ...signed, digest: signed.digest.subarray(0, 31) })).toBe(false)
  // The sum of nothing at all has no x.
  expect(isAccepted({ digest: bytesOf(0n), signature: compact(0n, 1n), recid: 0 })).toBe(false)
  // The same digest modulo n: right, but nothing that a hash gives.
  expect(isAccepted({ ...signed, digest: bytesOf(ORDER + 5n) })).toBe(false)
  expect(isAccepted(signed)).toBe(true)
})

/** A point of this x, or null. Its y is the odd one where `isOdd`. */
function lifted(x: bigint, isOdd: boolean): Point | null {
  try {
    return Point.fromHex(`0${isOdd ? 3 : 2}${x.toString(16).padStart(64, '0')}`)
  } catch {
    return null
  }
}

/** The key that recovery must find for a point R, so that any R can be had. */
function keyOf(R: Point, r: bigint, s: bigint, digest: bigint): Point {
  const scaled = R.multiplyUnsafe(Fn.div(s, r))
  return scaled.subtract(Point.BASE.multiplyUnsafe(Fn.div(digest, r)))
}

/** r is x modulo n. Recovery bytes 27 and 28 stand for x = r alone; a comparison modulo n would accept x = r + n too. */
test('a point whose x is not below n is never accepted, and one with the smallest x is', () => {
  const seen = { below: 0, above: 0 }
  const [s, digest] = [123_456_789n, 42n]
  for (let i = 1n; i < 200n; i++) {
    for (const recid of [0, 1]) {
      for (const [x, kind] of [[i, 'below'] as const, [ORDER + i, 'above'] as const]) {
        const R = lifted(x, recid === 1)
        if (R === null) continue
        seen[kind]++
        const signed = { digest: bytesOf(digest), signature: compact(i, s), recid }
        const isFound = expectAs(keyOf(R, i, s, digest))
        expect([isAccepted(signed), isFound(signed)], `${kind} ${i}`).toEqual([kind === 'below', kind === 'below'])
      }
    }
  }
  expect(seen.below).toBeGreaterThan(100)
  expect(seen.above).toBeGreaterThan(100)
  expect(Fp.create(ORDER + 200n)).toBeLessThan(PRIME)
})

test('x is compared with r to the last bit, wherever they differ', () => {
  const [s, digest] = [77n, 42n]
  const R = pointOf(1_234_567n)
  const { x, y } = R.toAffine()
  for (let bit = 0n; bit < 256n; bit++) {
    const r = x ^ (1n << bit)
    if (r >= ORDER) continue
    const isFound = expectAs(keyOf(R, r, s, digest))
    const signed = { digest: bytesOf(digest), signature: compact(r, s), recid: Number(y & 1n) }
    expect([isAccepted(signed), isFound(signed)], `bit ${bit}`).toEqual([false, false])
  }
  const isFound = expectAs(keyOf(R, x, s, digest))
  const signed = { digest: bytesOf(digest), signature: compact(x, s), recid: Number(y & 1n) }
  expect([isAccepted(signed), isFound(signed)]).toEqual([true, true])
})

test.each(['native', 'wasm', 'javascript'] as const)(
  'where both parts of a sum are the same, opposite, or the key is G or −G, nothing wrong is accepted: %s',
  (name) => {
    const by = secp256k1BackendNamed(name)
    if (by === null) return expect(name).toBe('native')
    let accepted = 0
    fc.assert(
      fc.property(scalars, scalars, fc.constantFrom(1n, -1n, 2n), fc.boolean(), (nonce, value, times, isBase) => {
        const R = pointOf(nonce).toAffine()
        const r = Fn.create(R.x)
        // z·G = times · r·Q; or a key that is ±G.
        const key = isBase ? Fn.create(times) : Fn.div(value, Fn.create(r * times))
        const s = Fn.div(Fn.create(value + r * key), nonce)
        if (s === 0n) return
        const isFound = expectAs(pointOf(key))
        for (const recid of [0, 1]) {
          const signed = { digest: bytesOf(value), signature: compact(r, s), recid }
          const isRight = keyRecovered(signed, by) === hex(pointOf(key).toBytes(false))
          expect(isFound(signed)).toBe(isRight)
          if (isAccepted(signed)) expect(isRight, `${++accepted}`).toBe(true)
        }
      }),
      { numRuns: 100 },
    )
    expect(accepted).toBeGreaterThan(20)
  },
)
