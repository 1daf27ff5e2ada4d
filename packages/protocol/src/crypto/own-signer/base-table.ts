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
import { at, ENTRIES, ENTRY_BYTES, SCRATCH_AT, START_AT, TABLE_AT, WINDOW_BITS, WINDOWS } from './layout.ts'
import { limbsOf, SLOT_BYTES } from './limbs-code.ts'
import type { SignerModule } from './signer-module.ts'

const { Point } = secp256k1
const { Fp, Fn } = Point
type Point = InstanceType<typeof Point>

const POINT_BYTES = 3 * SLOT_BYTES
const scratchPoint = (i: number): number => SCRATCH_AT + i * POINT_BYTES
const scratchProduct = (i: number): number => SCRATCH_AT + ENTRIES * POINT_BYTES + i * SLOT_BYTES

/**
 * Writes the table (its windows from the lowest, of each the multiples 1, 3, 5 …) and C.
 * @param z of C, from 1 to p − 1; random, so that what is reckoned on the way to a result differs from process to process.
 */
export function writeBase(module: SignerModule, z: bigint): void {
  for (const [window, [first, twice]] of firstOfWindows().entries()) {
    writeMultiples(module, first, twice)
    moveToTable(module, TABLE_AT + window * ENTRIES * ENTRY_BYTES)
  }
  const { x, y } = halfOfBase()
    .multiplyUnsafe(Fn.create((1n << BigInt(WINDOW_BITS * WINDOWS)) - 1n))
    .toAffine()
  const squared = Fp.sqr(z)
  const start = [Fp.mul(x, squared), Fp.mul(y, Fp.mul(squared, z)), z]
  for (const [i, value] of start.entries()) writeLimbs(module, START_AT + i * SLOT_BYTES, value)
}

export function writeLimbs({ memory }: SignerModule, address: number, value: bigint): void {
  const view = new DataView(memory.buffer, memory.byteOffset + address, SLOT_BYTES)
  for (const [i, limb] of limbsOf(value).entries()) view.setInt32(4 * i, Number(limb), true)
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
    memory.copyWithin(scratchPoint(i), at.x, at.x + POINT_BYTES)
  }
}

/** Divides them by their Z, by one inversion for all (Montgomery's trick), into a window of the table. */
function moveToTable({ functions: run }: SignerModule, window: number): void {
  const zOf = (i: number): number => scratchPoint(i) + 2 * SLOT_BYTES
  for (let i = 0; i < ENTRIES; i++) run.multiply(scratchProduct(i), zOf(i), i === 0 ? at.one : scratchProduct(i - 1))
  run.canonical(at.w, scratchProduct(ENTRIES - 1))
  run.invertModuloP(at.w, at.w)
  run.unpack(at.inverse, at.w)
  for (let i = ENTRIES - 1; i >= 0; i--) {
    run.multiply(at.u, at.inverse, i === 0 ? at.one : scratchProduct(i - 1))
    run.multiply(at.inverse, at.inverse, zOf(i))
    run.square(at.zz, at.u)
    run.multiply(at.x, scratchPoint(i), at.zz)
    run.multiply(at.zz, at.zz, at.u)
    run.multiply(at.y, scratchPoint(i) + SLOT_BYTES, at.zz)
    for (const [to, from] of [
      [window + i * ENTRY_BYTES, at.x],
      [window + i * ENTRY_BYTES + SLOT_BYTES, at.y],
    ] as const) {
      run.canonical(at.w, from)
      run.unpack(to, at.w)
    }
  }
}
