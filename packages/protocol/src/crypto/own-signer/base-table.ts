/**
 * Multiples of the curve's base point G, so that a product k·G is 43 additions and no doubling.
 *
 * k is read as 43 digits u of six bits. With H = G/2, u·G is (2u − 63)·H and 63·H more, so k·G is the sum of an odd multiple of 2^(6w)·H
 * for each window w, and a point C that is the same for every k. Of a window the 32 positive multiples are kept; the others have the
 * opposite y. An odd multiple is never the point at infinity, and the sum starts at C: the formula for two points that are
 * neither equal nor opposite does for all of them, but where a sum so far meets the next point. For a k that nobody chooses that is
 * once in some 2¹²⁵ times; Z is 0 from there on, and so is the r that the caller sees.
 */
import { secp256k1 } from '@noble/curves/secp256k1.js'
import { divideAllByZ, POINT_BYTES } from './affine-points.ts'
import { writeLimbs } from './bytes.ts'
import { at, ENTRIES, ENTRY_BYTES, SCRATCH_AT, START_AT, TABLE_AT, WINDOW_BITS, WINDOWS } from './layout.ts'
import { SLOT_BYTES } from './limbs-code.ts'
import type { SignerModule } from './signer-module.ts'

const { Point } = secp256k1
const { Fp, Fn } = Point
type Point = InstanceType<typeof Point>

/** Where the points of a window lie with their Z, and what is needed to divide them by it. */
const scratch = { from: SCRATCH_AT, products: SCRATCH_AT + ENTRIES * POINT_BYTES, count: ENTRIES }

/**
 * Writes the table (its windows from the lowest, of each the multiples 1, 3, 5 …) and C.
 * @param z of C, from 1 to p − 1; random, so that what is reckoned on the way to a result differs from process to process.
 */
export function writeBase(module: SignerModule, z: bigint): void {
  for (const [window, [first, twice]] of firstOfWindows().entries()) {
    writeMultiples(module, first, twice)
    divideAllByZ(module, { ...scratch, to: TABLE_AT + window * ENTRIES * ENTRY_BYTES })
  }
  const { x, y } = halfOfBase()
    .multiplyUnsafe(Fn.create((1n << BigInt(WINDOW_BITS * WINDOWS)) - 1n))
    .toAffine()
  const squared = Fp.sqr(z)
  const start = [Fp.mul(x, squared), Fp.mul(y, Fp.mul(squared, z)), z]
  for (const [i, value] of start.entries()) writeLimbs(module, START_AT + i * SLOT_BYTES, value)
}

/** Of each window w the points 2^(6w)·H and twice that. */
function firstOfWindows(): [Point, Point][] {
  const points: Point[] = []
  let point = halfOfBase()
  for (let window = 0; window < WINDOWS; window++) {
    points.push(point, point.double())
    for (let bit = 0; bit < WINDOW_BITS; bit++) point = point.double()
  }
  const normalized = Point.normalizeZ(points)
  return Array.from({ length: WINDOWS }, (_, w) => [normalized[2 * w] as Point, normalized[2 * w + 1] as Point])
}

/** H. Not from the library's own G, for which it would make a table of its own first; nothing here is secret. */
function halfOfBase(): Point {
  return Point.fromAffine(Point.BASE.toAffine()).multiplyUnsafe(Fn.inv(2n))
}

/** The odd multiples of a point, as X, Y and Z. */
function writeMultiples(module: SignerModule, first: Point, twice: Point): void {
  const { memory, functions } = module
  const [point, step] = [first.toAffine(), twice.toAffine()]
  writeLimbs(module, at.x, point.x)
  writeLimbs(module, at.y, point.y)
  writeLimbs(module, at.z, 1n)
  writeLimbs(module, at.pointX, step.x)
  writeLimbs(module, at.pointY, step.y)
  for (let i = 0; i < ENTRIES; i++) {
    if (i > 0) functions.addPoint()
    memory.copyWithin(scratch.from + i * POINT_BYTES, at.x, at.x + POINT_BYTES)
  }
}
