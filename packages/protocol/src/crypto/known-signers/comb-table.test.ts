/** Tables of a point and sums of two multiples, held against the libraries: for each digit of each block, and at the edges. */
import { secp256k1 } from '@noble/curves/secp256k1.js'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { bestSecp256k1Library } from '../secp256k1-backends.ts'
import { divideByZ } from '../own-signer/affine-points.ts'
import { bytesOf, writeLimbs } from '../own-signer/bytes.ts'
import { at, ENTRY_BYTES, type NumberName } from '../own-signer/layout.ts'
import { SLOT_BYTES } from '../own-signer/limbs-code.ts'
import { prepareChecks } from './check-signature.ts'
import { BLOCK_BYTES } from './comb-layout.ts'
import { combAt, writeComb } from './comb-table.ts'
import { createKnownModule } from './known-module.ts'

const { BASE, Fn } = secp256k1.Point
const { n: ORDER } = secp256k1.Point.CURVE()
const library = bestSecp256k1Library()
const module = createKnownModule(2)
const { memory, functions: run } = module
prepareChecks(module)

/** As the affine point of `x`, `y` and `z`, or null at infinity. */
function pointSummed(): { x: bigint; y: bigint } | null {
  divideByZ(module)
  const [x, y] = (['signatureR', 'w'] as const).map(numberAt) as [bigint, bigint]
  return x === 0n ? null : { x, y }
}

function numberAt(name: NumberName): bigint {
  return BigInt(`0x${Buffer.from(memory.slice(at[name], at[name] + 32).toReversed()).toString('hex')}`)
}

function multipleOfBase(k: bigint): { x: bigint; y: bigint } | null {
  if (k === 0n) return null
  const [, ...bytes] = library.publicKey(bytesOf(k))
  return { x: numberOf(bytes.slice(0, 32)), y: numberOf(bytes.slice(32)) }
}

const numberOf = (bytes: number[]): bigint => BigInt(`0x${Buffer.from(bytes).toString('hex')}`)
const startAtOne = () => memory.copyWithin(at.z, at.one, at.one + SLOT_BYTES)

/** The signs whose sum is k: see comb-table.ts. */
function writeSigns(name: 'digest' | 'signatureR', k: bigint): void {
  memory.set(bytesOf(Fn.div(Fn.create(k + (1n << 256n) - 1n), 2n)).toReversed(), at[name])
}

test.each([0n, 1n, ORDER - 1n, 0x1234_5678_9abc_def0_1234_5678_9abc_def0n])(
  'each digit of each block stands for its sum of signs, and so the point is right: G times %s',
  (factor) => {
    const key = factor === 0n ? 1n : factor
    if (factor !== 0n) writeComb(module, 1, multipleOfBase(key) as { x: bigint; y: bigint })
    for (let block = 0; block < 2; block++) {
      for (let digit = 0; digit < 256; digit++) {
        startAtOne()
        run.takeEntry(at.x, combAt(factor === 0n ? 0 : 1) + block * BLOCK_BYTES, digit)
        const places = Array.from({ length: 8 }, (_, tooth) => BigInt(32 * tooth + 16 * block))
        const sum = places.reduce((all, place, tooth) => all + ((digit >> tooth) & 1 ? 1n : -1n) * (1n << place), 0n)
        expect(pointSummed(), `${block} ${digit}`).toEqual(multipleOfBase(Fn.create(sum * key)))
      }
    }
  },
)

const scalars = fc.oneof(
  fc.bigInt({ min: 0n, max: ORDER - 1n }),
  fc.constantFrom(0n, 1n, 2n, ORDER - 1n, ORDER - 2n, ORDER >> 1n, (ORDER >> 1n) + 1n, 2n ** 255n),
  fc.nat(255).map((bit) => 2n ** BigInt(bit)),
)
const keys = fc.oneof(fc.bigInt({ min: 1n, max: ORDER - 1n }), fc.constantFrom(1n, 2n, ORDER - 1n, ORDER - 2n))

/** Never another point; none at all, so that a library decides, only where the result is infinity or a sum met its like. */
test('a sum is the right point or none, for any key and any two numbers, opposite ones too', () => {
  let met = 0
  fc.assert(
    fc.property(keys, scalars, scalars, fc.boolean(), (key, first, other, isOpposite) => {
      const second = isOpposite ? Fn.div(Fn.neg(first), key) : other
      writeComb(module, 2, multipleOfBase(key) as { x: bigint; y: bigint })
      writeSigns('digest', first)
      writeSigns('signatureR', second)
      startAtOne()
      run.sumCombs(combAt(2))
      const [found, right] = [pointSummed(), multipleOfBase(Fn.create(first + second * key))]
      // With such a key the two tables have points in common.
      const isNear = key <= 2n || key >= ORDER - 2n
      if (found === null && right !== null && isNear) met++
      else expect(found).toEqual(right)
    }),
    { numRuns: 2_000 },
  )
  expect(met).toBeGreaterThan(0)
})

test('a point twice is the library’s, and twice what has z = 0 has it still', () => {
  fc.assert(
    fc.property(keys, fc.integer({ min: 1, max: 40 }), (key, times) => {
      const { x, y } = multipleOfBase(key) as { x: bigint; y: bigint }
      for (const [name, value] of Object.entries({ x, y, z: 1n })) writeLimbs(module, at[name as 'x'], value)
      for (let i = 0; i < times; i++) run.doublePoint()
      expect(pointSummed()).toEqual(multipleOfBase(Fn.create(key << BigInt(times))))
    }),
    { numRuns: 200 },
  )
  writeLimbs(module, at.z, 0n)
  run.doublePoint()
  expect(pointSummed()).toBeNull()
})

/** The table of another key must never be read: tables lie side by side. */
test('a table ends where the next begins', () => {
  const before = Buffer.from(memory.subarray(combAt(0), combAt(2)))
  writeComb(module, 2, BASE.multiply(77n).toAffine())
  expect(Buffer.from(memory.subarray(combAt(0), combAt(2))).equals(before)).toBe(true)
  expect(combAt(3) - combAt(2)).toBe(256 * ENTRY_BYTES)
  expect(combAt(3)).toBeLessThanOrEqual(memory.length)
})
