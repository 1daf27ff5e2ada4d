/** From Jacobian to affine coordinates: one point, or many by one inversion. */
import type { ArithmeticModule } from './arithmetic-code.ts'
import { at, ENTRY_BYTES } from './layout.ts'
import { SLOT_BYTES } from './limbs-code.ts'

/** x, y and z. */
export const POINT_BYTES = 3 * SLOT_BYTES

/** Of the point in x, y, z: 32 bytes of its x at `signatureR` and of its y at `w`, least significant first, all zero where z is 0. */
export function divideByZ({ functions: run }: ArithmeticModule): void {
  run.canonical(at.w, at.z)
  run.invertModuloP(at.w, at.w)
  run.unpack(at.inverse, at.w)
  run.square(at.zz, at.inverse)
  run.multiply(at.x, at.x, at.zz)
  run.multiply(at.zz, at.zz, at.inverse)
  run.multiply(at.y, at.y, at.zz)
  run.canonical(at.signatureR, at.x)
  run.canonical(at.w, at.y)
}

/**
 * Divides points by their z, by one inversion for all (Montgomery's trick), into x and y as limbs below p.
 * @param products room for as many numbers.
 */
export function divideAllByZ(
  { functions: run }: ArithmeticModule,
  points: { from: number; to: number; products: number; count: number },
): void {
  const { from, to, products, count } = points
  const product = (i: number): number => (i < 0 ? at.one : products + i * SLOT_BYTES)
  const point = (i: number): number => from + i * POINT_BYTES
  const zOf = (i: number): number => point(i) + 2 * SLOT_BYTES
  for (let i = 0; i < count; i++) run.multiply(product(i), zOf(i), product(i - 1))
  run.canonical(at.w, product(count - 1))
  run.invertModuloP(at.w, at.w)
  run.unpack(at.inverse, at.w)
  for (let i = count - 1; i >= 0; i--) {
    run.multiply(at.u, at.inverse, product(i - 1))
    run.multiply(at.inverse, at.inverse, zOf(i))
    run.square(at.zz, at.u)
    run.multiply(at.x, point(i), at.zz)
    run.multiply(at.zz, at.zz, at.u)
    run.multiply(at.y, point(i) + SLOT_BYTES, at.zz)
    writeCanonical(to + i * ENTRY_BYTES, at.x)
    writeCanonical(to + i * ENTRY_BYTES + SLOT_BYTES, at.y)
  }

  function writeCanonical(address: number, number: number): void {
    run.canonical(at.w, number)
    run.unpack(address, at.w)
  }
}
