/**
 * Whole numbers of 256 bits and a few more as nine limbs, in memory and in locals.
 *
 * In memory a number takes {@link SLOT_BYTES}: either nine limbs of 32 bits with their sign, or 32 bytes, least significant first,
 * of which a limb is taken from the 8 bytes that it begins in. Arithmetic is on limbs of 29 bits: nine products of two
 * of them leave room in 64 bits for sums of three, so a sum or a difference needs no carry before it is multiplied.
 */
import { get, i64, set, type Code } from '../wasm-code.ts'

export const LIMBS = 9
/** For {@link ./inverse-code.ts}, which takes thirty steps at a time. */
export const INVERSE_LIMB_BITS = 30
export const LIMB_BITS = 29
export const SLOT_BYTES = 48

const WORDS = 4
const WORD_BITS = 64

export const maskOf = (bits: number): Code => i64.const((1n << BigInt(bits)) - 1n)

/** The limbs of a constant. */
export function limbsOf(value: bigint, bits: number = LIMB_BITS): bigint[] {
  return Array.from({ length: LIMBS }, (_, i) => (value >> BigInt(bits * i)) & ((1n << BigInt(bits)) - 1n))
}

export function loadLimbs(locals: readonly number[], address: Code): Code {
  return locals.map((local, i) => set(local, i64.load32(address, 4 * i)))
}

export function storeLimbs(address: Code, locals: readonly number[]): Code {
  return locals.map((local, i) => i64.store32(address, get(local), 4 * i))
}

/** Limbs from 32 bytes. */
export function unpackLimbs(locals: readonly number[], address: Code, bits: number): Code {
  return locals.map((local, i) => {
    const from = i64.load(address, (bits * i) >> 3)
    const shifted = i64.shiftRightUnsigned(from, i64.const((bits * i) & 7))
    return set(local, i64.and(shifted, maskOf(Math.min(bits, 256 - bits * i))))
  })
}

/** 32 bytes from limbs that have no sign and no more bits than their share. */
export function packLimbs(address: Code, locals: readonly number[], bits: number): Code {
  return Array.from({ length: WORDS }, (_, word) => {
    const parts = locals.flatMap((local, i): Code[] => {
      const shift = bits * i - WORD_BITS * word
      if (shift <= -bits || shift >= WORD_BITS) return []
      return [
        shift < 0 ? i64.shiftRightUnsigned(get(local), i64.const(-shift)) : i64.shiftLeft(get(local), i64.const(shift)),
      ]
    })
    return i64.store(
      address,
      parts.reduce((left, right) => i64.or(left, right)),
      8 * word,
    )
  })
}

/** Carries from limb to limb, with sign; the last keeps what is left. */
export function carryLimbs(locals: readonly number[], bits: number): Code {
  return locals.slice(0, -1).map((local, i) => {
    const next = locals[i + 1] as number
    return [
      set(next, i64.add(get(next), i64.shiftRight(get(local), i64.const(bits)))),
      set(local, i64.and(get(local), maskOf(bits))),
    ]
  })
}

/** Column `k` of the product of two numbers: the sum of all products of limbs whose places add up to `k`. */
export function productColumn(k: number, left: readonly number[], right: readonly number[]): Code {
  const products = left.flatMap((limb, i): Code[] => {
    const other = right[k - i]
    return other === undefined ? [] : [i64.mul(get(limb), get(other))]
  })
  return products.reduce((sum, product) => i64.add(sum, product))
}
