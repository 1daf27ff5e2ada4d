/**
 * Whether recovery of a signature would give a key whose table is at hand: R = (z·G + r·Q) / s is reckoned and compared.
 *
 * Recovery takes for R the point with x = r whose y is odd where recid is 1, and answers the Q for which s·R = z·G + r·Q. So where r
 * and s are from 1 to n − 1, it answers this Q if and only if (z·G + r·Q) / s is that very point.
 *
 * `false` says nothing: a library decides then. It is said too where a sum meets an equal or opposite point, where z is not below n, and
 * where r or s is out of range.
 */
import { secp256k1 } from '@noble/curves/secp256k1.js'
import { divideByZ } from '../own-signer/affine-points.ts'
import { isZero, readNumber, writeLimbs } from '../own-signer/bytes.ts'
import { at } from '../own-signer/layout.ts'
import { SLOT_BYTES } from '../own-signer/limbs-code.ts'
import { MONTGOMERY_BITS } from '../own-signer/scalar-code.ts'
import { combAt, writeComb } from './comb-table.ts'
import type { KnownModule } from './known-module.ts'
import type { SignedDigest } from './signed-digest.ts'

const { n: ORDER } = secp256k1.Point.CURVE()
const { Fn, BASE } = secp256k1.Point

/** Writes what every check needs: constants, and G's table. */
export function prepareChecks(module: KnownModule): void {
  writeLimbs(module, at.one, 1n)
  writeLimbs(module, at.montgomerySquared, (1n << (2n * MONTGOMERY_BITS)) % ORDER)
  writeLimbs(module, at.montgomeryHalf, Fn.div((1n << MONTGOMERY_BITS) % ORDER, 2n))
  writeLimbs(module, at.allOnes, ((1n << 256n) - 1n) % ORDER)
  writeComb(module, 0, BASE.toAffine())
}

/** @param table the number of Q's table. */
export function checkSignature(
  module: KnownModule,
  table: number,
  { digest, signature, recid }: SignedDigest,
): boolean {
  const { memory, functions: run } = module
  if (digest.length !== 32 || signature.length !== 64) return false
  const [r, s] = [signature.subarray(0, 32), signature.subarray(32, 64)]
  readNumber(module, at.digest, digest)
  readNumber(module, at.signatureR, r)
  readNumber(module, at.signatureS, s)
  if (run.reduce(at.digest) + run.reduce(at.signatureR) + run.reduce(at.signatureS) !== 3) return false
  // 1 / s, times 2²⁶¹ for the products that follow.
  run.pack(at.w, at.signatureS)
  run.invertModuloN(at.w, at.w)
  run.unpack(at.inverse, at.w)
  run.montgomery(at.inverse, at.inverse, at.montgomerySquared)
  for (const number of [at.digest, at.signatureR]) {
    run.montgomery(number, number, at.inverse)
    run.reduce(number)
    // As signs: see comb-table.ts.
    run.add(number, number, at.allOnes)
    run.montgomery(number, number, at.montgomeryHalf)
    run.reduce(number)
    run.pack(number, number)
  }
  memory.copyWithin(at.z, at.one, at.one + SLOT_BYTES)
  run.sumCombs(combAt(table))
  divideByZ(module)
  run.reverse(0, at.signatureR)
  // At infinity x is 0, as it is of no point: s = 0 leads there.
  if (isZero(r)) return false
  for (let i = 0; i < 32; i++) if (memory[i] !== r[i]) return false
  return ((memory[at.w] as number) & 1) === recid
}
