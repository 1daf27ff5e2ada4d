/**
 * ECDSA over secp256k1 with nonces of RFC 6979 and low s: the same bytes as the libraries', in less time. Signing only.
 *
 * It is for the one thing that a gateway does for each request. A library of 2019 spends most of its time on 64 additions of points and
 * two inversions by exponentiation; here it is 43 additions and two inversions by division steps.
 *
 * What it must not do: depend on a key or a nonce in its time (see {@link ./signer-module.ts}), leave one in its memory, or decide what
 * comes once in 2¹²⁵ times or less. Then it says `null`, and a library signs.
 */
import { randomBytes } from 'node:crypto'
import { secp256k1 } from '@noble/curves/secp256k1.js'
import { writeBase } from './base-table.ts'
import { bytesOf, isZero, readNumber, writeLimbs } from './bytes.ts'
import { at } from './layout.ts'
import { multiplyBase } from './multiply-base.ts'
import { createNonces } from './nonce.ts'
import { MONTGOMERY_BITS } from './scalar-code.ts'
import { createSignerModule } from './signer-module.ts'

const { n: ORDER, p: PRIME } = secp256k1.Point.CURVE()
const orderBytes = bytesOf(ORDER)
const halfOrderBytes = bytesOf(ORDER >> 1n)

export interface OwnSigner {
  /**
   * The signature's bytes are good until the next call; null when a library must sign. Throws RangeError when the key is none.
   * @param digest 32 bytes.
   * @param privateKey 32 bytes.
   */
  sign(digest: Uint8Array, privateKey: Uint8Array): { signature: Uint8Array; recid: number } | null
}

/** Takes some tens of milliseconds. Throws where WebAssembly lacks what it takes. */
export function createOwnSigner(module = createSignerModule()): OwnSigner {
  const { memory, functions: run } = module
  const nonces = createNonces(module)
  const signature = new Uint8Array(64)
  const s = signature.subarray(32)
  writeLimbs(module, at.one, 1n)
  writeLimbs(module, at.montgomerySquared, (1n << (2n * MONTGOMERY_BITS)) % ORDER)
  writeBase(module, 1n + (BigInt(`0x${randomBytes(40).toString('hex')}`) % (PRIME - 1n)))

  /** (digest + r · key) / nonce modulo n. */
  function solve(): void {
    run.invertModuloN(at.inverse, at.nonce)
    run.unpack(at.inverse, at.inverse)
    run.montgomery(at.key, at.key, at.montgomerySquared)
    run.montgomery(at.w, at.signatureR, at.key)
    run.add(at.w, at.w, at.digest)
    run.montgomery(at.inverse, at.inverse, at.montgomerySquared)
    run.montgomery(at.signatureS, at.inverse, at.w)
    run.reduce(at.signatureS)
    run.pack(at.signatureS, at.signatureS)
  }

  function signUnwiped(digest: Uint8Array, privateKey: Uint8Array): { signature: Uint8Array; recid: number } | null {
    readNumber(module, at.key, privateKey)
    if (run.reduce(at.key) !== 1 || isZero(privateKey)) throw new RangeError('A private key is from 1 to n − 1')
    readNumber(module, at.digest, digest)
    // Libraries differ in the nonce of a digest that is not below n.
    if (run.reduce(at.digest) !== 1) return null
    nonces.write(at.w, privateKey, digest)
    run.reverse(at.nonce, at.w)
    run.unpack(at.u, at.nonce)
    if (run.reduce(at.u) !== 1) return null
    multiplyBase(module)
    const isOdd = ((memory[at.w] as number) & 1) === 1
    run.reverse(0, at.signatureR)
    signature.set(memory.subarray(0, 32))
    // From here on r is public, and s is what it was for.
    if (!isBelow(signature, orderBytes) || isZero(signature.subarray(0, 32))) return null
    run.unpack(at.signatureR, at.signatureR)
    solve()
    run.reverse(0, at.signatureS)
    s.set(memory.subarray(0, 32))
    if (isZero(s)) return null
    // This tells which of k and n − k the nonce was, and nothing of either.
    const isHigh = isBelow(halfOrderBytes, s)
    if (isHigh) subtractFromOrder(s)
    return { signature, recid: Number(isOdd !== isHigh) }
  }

  return {
    sign(digest, privateKey) {
      if (digest.length !== 32 || privateKey.length !== 32) throw new RangeError('A digest and a key are 32 bytes each')
      try {
        return signUnwiped(digest, privateKey)
      } finally {
        memory.fill(0, at.x, at.one)
        nonces.wipe()
      }
    },
  }
}

/** For what is public: it ends where the numbers differ. */
function isBelow(left: Uint8Array, right: Uint8Array): boolean {
  for (let i = 0; i < 32; i++) {
    const difference = (left[i] as number) - (right[i] as number)
    if (difference !== 0) return difference < 0
  }
  return false
}

function subtractFromOrder(bytes: Uint8Array): void {
  for (let i = 31, borrow = 0; i >= 0; i--) {
    const difference = (orderBytes[i] as number) - (bytes[i] as number) - borrow
    bytes[i] = difference & 0xff
    borrow = difference < 0 ? 1 : 0
  }
}
