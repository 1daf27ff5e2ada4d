/**
 * Multiples of a point Q, so that a product k·Q is 32 additions and 15 doublings.
 *
 * k is 256 signs: k = Σ ±2ⁱ, where the sign of 2ⁱ is bit i of (k + 2²⁵⁶ − 1) / 2 modulo n. Eight signs that are 32 places apart
 * make a digit (C. Lim and P. Lee, "More flexible exponentiation with precomputation", 1994), and of two digits whose places are 16 apart each has a table of its
 * own, so that one doubling serves both. Of a block the 128 points are kept whose highest sign is plus; the others have the opposite y.
 *
 * While a table is made no sum meets a point that is equal or opposite: all are multiples of Q by numbers that differ and lie below n.
 */
import { divideAllByZ, POINT_BYTES } from '../own-signer/affine-points.ts'
import { writeLimbs } from '../own-signer/bytes.ts'
import { at, ENTRY_BYTES } from '../own-signer/layout.ts'
import { SLOT_BYTES } from '../own-signer/limbs-code.ts'
import {
  BLOCK_BITS,
  BLOCKS,
  COMB_BYTES,
  COMB_ENTRIES,
  COMBS_AT,
  POINTS_AT,
  PRODUCTS_AT,
  TEETH,
  TEETH_AT,
} from './comb-layout.ts'
import type { KnownModule } from './known-module.ts'

const scratch = { from: POINTS_AT, products: PRODUCTS_AT }

/** Where the table of this number lies; 0 is G's. */
export const combAt = (number: number): number => COMBS_AT + number * COMB_BYTES

/** Writes the table of a point, which takes a quarter of a millisecond. */
export function writeComb(module: KnownModule, number: number, { x, y }: { x: bigint; y: bigint }): void {
  writeLimbs(module, at.x, x)
  writeLimbs(module, at.y, y)
  writeLimbs(module, at.z, 1n)
  writeTeeth(module)
  for (let block = 0; block < BLOCKS; block++) writeSums(module, block)
  divideAllByZ(module, { ...scratch, to: combAt(number), count: BLOCKS * COMB_ENTRIES })
}

/** Of each sixteenth place the point 2ⁱ·Q and twice that. */
function writeTeeth(module: KnownModule): void {
  const { memory, functions: run } = module
  const keep = (i: number) => memory.copyWithin(POINTS_AT + i * POINT_BYTES, at.x, at.x + POINT_BYTES)
  for (let tooth = 0; tooth < TEETH * BLOCKS; tooth++) {
    keep(2 * tooth)
    run.doublePoint()
    keep(2 * tooth + 1)
    for (let bit = 1; bit < BLOCK_BITS; bit++) run.doublePoint()
  }
  divideAllByZ(module, { ...scratch, to: TEETH_AT, count: 2 * TEETH * BLOCKS })
}

/** All sums of a block: with every lower sign minus first, then each from one that has a minus more. */
function writeSums({ memory, functions: run }: KnownModule, block: number): void {
  const once = (tooth: number): number => TEETH_AT + 2 * (tooth * BLOCKS + block) * ENTRY_BYTES
  const twice = (tooth: number): number => once(tooth) + ENTRY_BYTES
  const sum = (digit: number): number => POINTS_AT + (block * COMB_ENTRIES + digit) * POINT_BYTES
  const keep = (digit: number) => memory.copyWithin(sum(digit), at.x, at.x + POINT_BYTES)
  memory.copyWithin(at.x, once(TEETH - 1), once(TEETH - 1) + ENTRY_BYTES)
  memory.copyWithin(at.z, at.one, at.one + SLOT_BYTES)
  for (let tooth = 0; tooth < TEETH - 1; tooth++) {
    memory.copyWithin(at.pointX, once(tooth), once(tooth) + ENTRY_BYTES)
    run.subtract(at.pointY, at.zero, at.pointY)
    run.addPoint()
  }
  keep(0)
  for (let digit = 1; digit < COMB_ENTRIES; digit++) {
    const tooth = 31 - Math.clz32(digit)
    memory.copyWithin(at.x, sum(digit - (1 << tooth)), sum(digit - (1 << tooth)) + POINT_BYTES)
    memory.copyWithin(at.pointX, twice(tooth), twice(tooth) + ENTRY_BYTES)
    run.addPoint()
    keep(digit)
  }
}
