/** The arithmetic under a signature, held against whole numbers of any size: at random, and at every edge that limbs have. */
import { createHash } from 'node:crypto'
import { secp256k1 } from '@noble/curves/secp256k1.js'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { bestSecp256k1Library } from '../secp256k1-backends.ts'
import { writeBase } from './base-table.ts'
import { writeLimbs } from './bytes.ts'
import { at, HASHING_AT, type NumberName } from './layout.ts'
import { LIMB_BITS, LIMBS } from './limbs-code.ts'
import { multiplyBase } from './multiply-base.ts'
import { MONTGOMERY_BITS } from './scalar-code.ts'
import { SHA256_FIRST_STATE } from './sha256-code.ts'
import { createSignerModule } from './signer-module.ts'

const { n: ORDER, p: PRIME } = secp256k1.Point.CURVE()
const library = bestSecp256k1Library()
const module = createSignerModule()
const { memory, functions: run } = module
writeLimbs(module, at.one, 1n)
writeBase(module, 12_345n)

const edges = [
  0n,
  1n,
  2n ** 29n - 1n,
  2n ** 232n,
  2n ** 255n,
  ORDER - 1n,
  ORDER,
  ORDER + 1n,
  PRIME - 1n,
  PRIME,
  2n ** 256n - 1n,
]
/** Up to 2²⁵⁶ − 1: random, an edge, or runs of ones and zeros, which carry furthest. */
const number = fc.oneof(
  fc.bigInt({ min: 0n, max: 2n ** 256n - 1n }),
  fc.constantFrom(...edges),
  fc.tuple(fc.nat(256), fc.nat(256)).map(([a, b]) => 2n ** BigInt(Math.max(a, b)) - 2n ** BigInt(Math.min(a, b))),
)
const modulo = (value: bigint, modulus: bigint): bigint => ((value % modulus) + modulus) % modulus

function bytesAt(name: NumberName): bigint {
  const bytes = memory.slice(at[name], at[name] + 32).toReversed()
  return BigInt(`0x${Buffer.from(bytes).toString('hex')}`)
}

function limbsAt(name: NumberName): bigint {
  const view = new DataView(memory.buffer, at[name])
  return Array.from({ length: LIMBS }, (_, i) => BigInt(view.getInt32(4 * i, true)) << BigInt(LIMB_BITS * i)).reduce(
    (sum, limb) => sum + limb,
  )
}

function writeBytes(name: NumberName, value: bigint): void {
  memory.set(Buffer.from(value.toString(16).padStart(64, '0'), 'hex').toReversed(), at[name])
}

/** What `canonical` makes of a number. */
function valueOf(name: NumberName): bigint {
  run.canonical(at.w, at[name])
  return bytesAt('w')
}

test('every operation modulo p gives what whole numbers give, on sums and differences too', () => {
  fc.assert(
    fc.property(number, number, number, number, (a, b, c, d) => {
      for (const [name, value] of [
        ['x', a],
        ['y', b],
        ['z', c],
        ['u', d],
      ] as const)
        writeLimbs(module, at[name], value)
      const after = (name: keyof typeof run, ...args: NumberName[]): bigint => {
        run[name](at.v, ...args.map((arg) => at[arg]))
        return valueOf('v')
      }
      expect(valueOf('x')).toBe(modulo(a, PRIME))
      expect(after('multiply', 'x', 'y')).toBe(modulo(a * b, PRIME))
      expect(after('square', 'x')).toBe(modulo(a * a, PRIME))
      expect(after('productDifference', 'x', 'y', 'z', 'u')).toBe(modulo(a * b - c * d, PRIME))
      expect(after('subtractTwice', 'x', 'y', 'z')).toBe(modulo(a - b - 2n * c, PRIME))
      expect(after('subtract', 'x', 'y')).toBe(modulo(a - b, PRIME))
      run.subtract(at.h, at.x, at.y)
      run.subtract(at.s, at.z, at.u)
      expect(after('square', 'h')).toBe(modulo((a - b) ** 2n, PRIME))
      expect(after('multiply', 'h', 's')).toBe(modulo((a - b) * (c - d), PRIME))
      expect(after('productDifference', 'h', 's', 'x', 'u')).toBe(modulo((a - b) * (c - d) - a * d, PRIME))
    }),
    { numRuns: 2_000 },
  )
})

/** An addition takes what the one before it left, which is not what was written by hand. */
test('results are taken again and again without growing', () => {
  fc.assert(
    fc.property(number, number, (a, b) => {
      let [x, y, z] = [modulo(a, PRIME), modulo(b, PRIME), modulo(a + b, PRIME)]
      for (const [name, value] of [
        ['x', x],
        ['y', y],
        ['z', z],
      ] as const)
        writeLimbs(module, at[name], value)
      for (let i = 0; i < 20; i++) {
        run.subtractTwice(at.u, at.x, at.y, at.z)
        run.subtract(at.h, at.x, at.u)
        run.productDifference(at.y, at.h, at.h, at.y, at.z)
        run.multiply(at.z, at.h, at.u)
        run.square(at.x, at.h)
        const [u, h] = [x - y - 2n * z, y + 2n * z]
        ;[x, y, z] = [modulo(h * h, PRIME), modulo(h * h - y * z, PRIME), modulo(h * u, PRIME)]
      }
      expect([valueOf('x'), valueOf('y'), valueOf('z')]).toEqual([x, y, z])
    }),
  )
})

test.each([
  ['invertModuloP', PRIME],
  ['invertModuloN', ORDER],
] as const)('%s finds the inverse of every number but 0, which stays 0', (name, modulus) => {
  fc.assert(
    fc.property(number, (value) => {
      const of = modulo(value, modulus)
      writeBytes('u', of)
      run[name](at.w, at.u)
      expect(modulo(bytesAt('w') * of, modulus)).toBe(of === 0n ? 0n : 1n)
      expect(bytesAt('w')).toBeLessThan(modulus)
    }),
    { numRuns: 1_000 },
  )
})

test('products and sums modulo n are those of whole numbers, and reduced once they are below n', () => {
  const inverseOfRadix = secp256k1.Point.Fn.inv(modulo(1n << MONTGOMERY_BITS, ORDER))
  fc.assert(
    fc.property(number, number, number, (a, b, c) => {
      for (const [name, value] of [
        ['x', a],
        ['y', b],
        ['z', c],
      ] as const)
        writeLimbs(module, at[name], value)
      run.add(at.u, at.x, at.z)
      run.montgomery(at.v, at.u, at.y)
      run.reduce(at.v)
      expect(limbsAt('v')).toBe(modulo((a + c) * b * inverseOfRadix, ORDER))
      expect(run.reduce(at.x)).toBe(a < ORDER ? 1 : 0)
      expect(limbsAt('x')).toBe(a < ORDER ? a : a - ORDER)
      run.pack(at.w, at.y)
      expect(bytesAt('w')).toBe(b)
      run.unpack(at.z, at.w)
      expect(limbsAt('z')).toBe(b)
      run.reverse(at.u, at.w)
      expect(Buffer.from(memory.subarray(at.u, at.u + 32)).toString('hex')).toBe(b.toString(16).padStart(64, '0'))
    }),
    { numRuns: 1_000 },
  )
})

test('multiples of the base point are the library’s, for each digit of each window', () => {
  const single = Array.from({ length: 43 }, (_, window) =>
    Array.from({ length: 64 }, (_, digit) => BigInt(digit) << BigInt(6 * window)),
  ).flat()
  const random = fc.sample(number, { numRuns: 300, seed: 1 })
  for (const k of [...single, ...random].map((value) => modulo(value, ORDER)).filter((value) => value !== 0n)) {
    writeBytes('nonce', k)
    multiplyBase(module)
    const point = Buffer.from(library.publicKey(Buffer.from(k.toString(16).padStart(64, '0'), 'hex'))).toString('hex')
    const ours = [bytesAt('signatureR'), bytesAt('w')].map((value) => value.toString(16).padStart(64, '0'))
    expect(`04${ours.join('')}`, `${k} G`).toBe(point)
  }
})

test('there is no point at 0 G, and that is seen', () => {
  writeBytes('nonce', 0n)
  multiplyBase(module)
  expect(bytesAt('signatureR')).toBe(0n)
})

test('blocks are compressed as SHA-256 does', () => {
  const [state, block] = [HASHING_AT, HASHING_AT + 64]
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 300 }), (message) => {
      const padded = Buffer.alloc(64 * Math.ceil((message.length + 9) / 64))
      padded.set(message)
      padded[message.length] = 0x80
      padded.writeUInt32BE(message.length * 8, padded.length - 4)
      memory.set(SHA256_FIRST_STATE, state)
      for (let from = 0; from < padded.length; from += 64) {
        memory.set(padded.subarray(from, from + 64), block)
        run.compress(state, block, state)
      }
      const hash = createHash('sha256').update(message).digest('hex')
      expect(Buffer.from(memory.subarray(state, state + 32)).toString('hex')).toBe(hash)
    }),
  )
})
