import fc from 'fast-check'
import { expect, test } from 'vitest'
import {
  isMatmulProduct,
  matmulCommitment,
  matmulFactors,
  multiplyInt8,
  productBytes,
  productFromBytes,
} from './matmul.ts'
import { randomBytes32 } from '../receipts/identifiers.ts'
import type { Hex } from '../crypto/keccak.ts'

const nodeId: Hex = `0x${'00'.repeat(12)}${'ab'.repeat(20)}`
const nonce: Hex = `0x${'11'.repeat(32)}`
const challenge = { nonce, nodeId, order: 32 }

function solved(of = challenge) {
  const { a, b } = matmulFactors(of)
  return multiplyInt8(a, b, of.order)
}

/** Honest work is never refused: whatever the nonce, the right product passes. */
test('the right product passes with every seed', () => {
  for (let round = 0; round < 20; round++) {
    const of = { ...challenge, nonce: randomBytes32() }
    expect(isMatmulProduct(of, solved(of), { seed: randomBytes32() })).toBe(true)
  }
})

/** A cheat that saves any part of the work is found. */
test('one entry that is off by anything fails', () => {
  const right = solved()
  fc.assert(
    fc.property(fc.nat(right.length - 1), fc.integer({ min: 1, max: 1_000 }), (index, by) => {
      const wrong = Int32Array.from(right)
      wrong[index] = (wrong[index] as number) + by
      expect(isMatmulProduct(challenge, wrong, { seed: randomBytes32() })).toBe(false)
    }),
    { numRuns: 50 },
  )
})

test('entries that no such product has, a wrong size and an order out of bounds are refused', () => {
  const huge = Int32Array.from(solved()).fill(2 ** 31 - 1)
  expect(isMatmulProduct(challenge, huge, { seed: randomBytes32() })).toBe(false)
  expect(isMatmulProduct(challenge, new Int32Array(3), { seed: randomBytes32() })).toBe(false)
  expect(() => matmulFactors({ ...challenge, order: 4096 })).toThrow('16 to 512')
  expect(productFromBytes(new Uint8Array(7), 32)).toBeNull()
})

/** A neighbour's answer is worth nothing: matrices and commitment are of one node and one nonce. */
test('another node or nonce has other matrices and another commitment', () => {
  const other = { ...challenge, nodeId: `0x${'00'.repeat(12)}${'cd'.repeat(20)}` as Hex }
  expect(matmulFactors(other).a).not.toEqual(matmulFactors(challenge).a)
  expect(matmulCommitment(other, solved())).not.toBe(matmulCommitment(challenge, solved()))
})

test('bytes and back, and the plain sum agrees', () => {
  const product = solved()
  expect(productFromBytes(productBytes(product), 32)).toEqual(product)
  const { a, b } = matmulFactors(challenge)
  const at = (row: number, column: number) =>
    Array.from({ length: 32 }, (_, k) => (a[row * 32 + k] as number) * (b[k * 32 + column] as number)).reduce(
      (sum, value) => sum + value,
      0,
    )
  expect(product[5 * 32 + 7]).toBe(at(5, 7))
})
