/**
 * Arithmetic modulo n, the curve's order, and moving numbers about. Nothing here branches or chooses an address by a value.
 */
import { get, i32, i64, set, wasmFunction, type Code, type WasmFunction } from '../wasm-code.ts'
import {
  carryLimbs,
  LIMB_BITS,
  LIMBS,
  limbsOf,
  loadLimbs,
  maskOf,
  packLimbs,
  productColumn,
  storeLimbs,
  unpackLimbs,
} from './limbs-code.ts'

/** What a product of {@link montgomeryCode} is divided by. */
export const MONTGOMERY_BITS = BigInt(LIMB_BITS * LIMBS)

/**
 * `montgomery(to, a, b)`: ab / 2²⁶¹ modulo n, on limbs (P. Montgomery, "Modular multiplication without trial division", 1985).
 * Below 2n where ab is below 2⁵¹³; limbs of a and b together hold no more than thrice 2⁵⁸.
 */
export function montgomeryCode(order: bigint): WasmFunction {
  const fn = wasmFunction(['i32', 'i32', 'i32'])
  const [a, b] = [fn.locals(LIMBS, 'i64'), fn.locals(LIMBS, 'i64')]
  const columns = fn.locals(2 * LIMBS, 'i64')
  const factor = fn.local('i64')
  const modulus = limbsOf(order)
  const negatedInverse = -inverseOfOdd(order, LIMB_BITS)
  const code: Code[] = [loadLimbs(a, get(1)), loadLimbs(b, get(2))]
  for (const [k, column] of columns.slice(0, -1).entries()) code.push(set(column, productColumn(k, a, b)))
  for (let i = 0; i < LIMBS; i++) {
    const low = columns[i] as number
    const next = columns[i + 1] as number
    const wanted = BigInt.asUintN(LIMB_BITS, negatedInverse)
    code.push(set(factor, i64.and(i64.mul(i64.and(get(low), maskOf(LIMB_BITS)), i64.const(wanted)), maskOf(LIMB_BITS))))
    for (const [j, limb] of modulus.entries()) {
      const column = columns[i + j] as number
      code.push(set(column, i64.add(get(column), i64.mul(get(factor), i64.const(limb)))))
    }
    code.push(set(next, i64.add(get(next), i64.shiftRight(get(low), i64.const(LIMB_BITS)))))
  }
  const result = columns.slice(LIMBS)
  code.push(carryLimbs(result, LIMB_BITS), storeLimbs(get(0), result))
  return fn.of(code)
}

/** `reduce(at)`: takes n away from a number below 2n, on limbs, if it is not below n. Answers 1 if it was below. */
export function reduceCode(order: bigint): WasmFunction {
  const fn = wasmFunction(['i32'], 'i32')
  const [value, less] = [fn.locals(LIMBS, 'i64'), fn.locals(LIMBS, 'i64')]
  const mask = fn.local('i64')
  const modulus = limbsOf(order)
  const taken = less.map((local, i) => set(local, i64.sub(get(value[i] as number), i64.const(modulus[i] as bigint))))
  const chosen = value.map((local, i) => {
    const difference = i64.and(i64.xor(get(local), get(less[i] as number)), get(mask))
    return set(local, i64.xor(get(less[i] as number), difference))
  })
  return fn.of(
    loadLimbs(value, get(0)),
    taken,
    carryLimbs(less, LIMB_BITS),
    set(mask, i64.shiftRight(get(less[LIMBS - 1] as number), i64.const(63))),
    chosen,
    storeLimbs(get(0), value),
    i32.and(i32.ofI64(get(mask)), i32.const(1)),
  )
}

/** `add(to, a, b)`: limb by limb. */
export function addCode(): WasmFunction {
  const fn = wasmFunction(['i32', 'i32', 'i32'])
  const sums = Array.from({ length: LIMBS }, (_, i) =>
    i64.store32(get(0), i64.add(i64.load32(get(1), 4 * i), i64.load32(get(2), 4 * i)), 4 * i),
  )
  return fn.of(sums)
}

/** `unpack(to, from)`: limbs from 32 bytes. */
export function unpackCode(): WasmFunction {
  const fn = wasmFunction(['i32', 'i32'])
  const limbs = fn.locals(LIMBS, 'i64')
  return fn.of(unpackLimbs(limbs, get(1), LIMB_BITS), storeLimbs(get(0), limbs))
}

/** `pack(to, from)`: 32 bytes from limbs that are carried and have no sign. */
export function packCode(): WasmFunction {
  const fn = wasmFunction(['i32', 'i32'])
  const limbs = fn.locals(LIMBS, 'i64')
  return fn.of(loadLimbs(limbs, get(1)), packLimbs(get(0), limbs, LIMB_BITS))
}

/** `reverse(to, from)`: 32 bytes in the other order. */
export function reverseCode(): WasmFunction {
  const fn = wasmFunction(['i32', 'i32'])
  const bytes = Array.from({ length: 32 }, (_, i) => i32.store8(get(0), i32.load8(get(1), 31 - i), i))
  return fn.of(bytes)
}

/** `pad(to, from, word)`: 32 bytes, each four of them xor `word`. */
export function padCode(): WasmFunction {
  const fn = wasmFunction(['i32', 'i32', 'i32'])
  const words = Array.from({ length: 8 }, (_, i) => i32.store(get(0), i32.xor(i32.load(get(1), 4 * i), get(2)), 4 * i))
  return fn.of(words)
}

/** The inverse of an odd number modulo 2^bits, by Newton's iteration: each step doubles the bits that hold. */
export function inverseOfOdd(value: bigint, bits: number): bigint {
  let inverse = 1n
  for (let known = 1; known < bits; known *= 2) inverse *= 2n - value * inverse
  return BigInt.asUintN(bits, inverse)
}
