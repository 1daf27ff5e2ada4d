/**
 * Arithmetic modulo p = 2²⁵⁶ − 2³² − 977, on nine limbs of 29 bits with signs; see {@link ./limbs-code.ts}.
 *
 * A number is one of many that are equal modulo p, of about 261 bits, until `canonical` makes it the one below p. No limb
 * that is written exceeds 2²⁹ and a little. Nothing here branches or chooses an address by a value.
 */
import { countTo, get, i32, i64, lanes, set, wasmFunction, type Code, type WasmFunction } from '../wasm-code.ts'
import { carryLimbs, LIMB_BITS, LIMBS, loadLimbs, maskOf, packLimbs, productColumn, storeLimbs } from './limbs-code.ts'

// 2²⁶¹ is 2⁵ · (2³² + 977) modulo p: what leaves the top comes back at the bottom, in limbs 0 and 1.
const FOLD_0 = 977 << 5
const FOLD_1 = 1 << 8
const COLUMNS = 2 * LIMBS - 1

/** `multiply(to, a, b)`. */
export function multiplyCode(): WasmFunction {
  const fn = wasmFunction(['i32', 'i32', 'i32'])
  const [a, b] = [fn.locals(LIMBS, 'i64'), fn.locals(LIMBS, 'i64')]
  return fn.of(
    loadLimbs(a, get(1)),
    loadLimbs(b, get(2)),
    reduced(fn, (k) => productColumn(k, a, b)),
  )
}

/** `square(to, a)`. */
export function squareCode(): WasmFunction {
  const fn = wasmFunction(['i32', 'i32'])
  const [a, twice] = [fn.locals(LIMBS, 'i64'), fn.locals(LIMBS, 'i64')]
  const doubled = twice.map((local, i) => set(local, i64.shiftLeft(get(a[i] as number), i64.const(1))))
  const column = (k: number): Code => {
    const products: Code[] = []
    for (let i = Math.max(0, k - LIMBS + 1); 2 * i <= k; i++) {
      products.push(i64.mul(get((2 * i === k ? a : twice)[i] as number), get(a[k - i] as number)))
    }
    return products.reduce((sum, product) => i64.add(sum, product))
  }
  return fn.of(loadLimbs(a, get(1)), doubled, reduced(fn, column))
}

/** `productDifference(to, a, b, c, d)`: ab − cd. */
export function productDifferenceCode(): WasmFunction {
  const fn = wasmFunction(['i32', 'i32', 'i32', 'i32', 'i32'])
  const [a, b, c, d] = [1, 2, 3, 4].map(() => fn.locals(LIMBS, 'i64')) as [number[], number[], number[], number[]]
  return fn.of(
    [a, b, c, d].map((limbs, i) => loadLimbs(limbs, get(i + 1))),
    reduced(fn, (k) => i64.sub(productColumn(k, a, b), productColumn(k, c, d))),
  )
}

/** `subtract(to, a, b)`: limb by limb. */
export function subtractCode(): WasmFunction {
  const fn = wasmFunction(['i32', 'i32', 'i32'])
  return fn.of(
    [0, 16, 32].map((at) => lanes.store(get(0), lanes.sub(lanes.load(get(1), at), lanes.load(get(2), at)), at)),
  )
}

/** `subtractTwice(to, a, b, c)`: a − b − 2c, carried. */
export function subtractTwiceCode(): WasmFunction {
  const fn = wasmFunction(['i32', 'i32', 'i32', 'i32'])
  const limbs = fn.locals(LIMBS, 'i64')
  const top = fn.local('i64')
  const differences = limbs.map((local, i) => {
    const [a, b, c] = [1, 2, 3].map((param) => i64.load32(get(param), 4 * i)) as [Code, Code, Code]
    return set(local, i64.sub(i64.sub(a, b), i64.shiftLeft(c, i64.const(1))))
  })
  const [first, second, last] = [limbs[0], limbs[1], limbs[LIMBS - 1]] as [number, number, number]
  return fn.of(
    differences,
    carryLimbs(limbs, LIMB_BITS),
    set(top, i64.shiftRight(get(last), i64.const(LIMB_BITS))),
    set(last, i64.and(get(last), maskOf(LIMB_BITS))),
    set(first, i64.add(get(first), i64.mul(get(top), i64.const(FOLD_0)))),
    set(second, i64.add(get(second), i64.mul(get(top), i64.const(FOLD_1)))),
    storeLimbs(get(0), limbs),
  )
}

/** `canonical(to, a)`: the one below p, as 32 bytes. */
export function canonicalCode(): WasmFunction {
  const fn = wasmFunction(['i32', 'i32'])
  const [value, other] = [fn.locals(LIMBS, 'i64'), fn.locals(LIMBS, 'i64')]
  const top = fn.local('i64')
  // The last limb has 24 bits below 2²⁵⁶, which is 2³² + 977 modulo p: 2³² is 2³ in limb 1.
  const overflow = 256 - LIMB_BITS * (LIMBS - 1)
  const fold = (limbs: readonly number[], by: Code): Code => [
    set(limbs[0] as number, i64.add(get(limbs[0] as number), i64.mul(by, i64.const(977)))),
    set(limbs[1] as number, i64.add(get(limbs[1] as number), i64.shiftLeft(by, i64.const(3)))),
  ]
  const splitTop = (limbs: readonly number[]): Code => {
    const last = limbs[LIMBS - 1] as number
    return [set(top, i64.shiftRight(get(last), i64.const(overflow))), set(last, i64.and(get(last), maskOf(overflow)))]
  }
  const below2256 = [carryLimbs(value, LIMB_BITS), splitTop(value), fold(value, get(top))]
  // value − p + 2²⁵⁶: its bit 256 says that value was not below p.
  const copied = other.map((local, i) => set(local, get(value[i] as number)))
  const mask = i64.sub(i64.const(0), get(top))
  const chosen = value.map((local, i) =>
    set(local, i64.xor(get(local), i64.and(i64.xor(get(local), get(other[i] as number)), mask))),
  )
  return fn.of(
    loadLimbs(value, get(1)),
    below2256,
    below2256,
    carryLimbs(value, LIMB_BITS),
    copied,
    fold(other, i64.const(1)),
    carryLimbs(other, LIMB_BITS),
    splitTop(other),
    chosen,
    packLimbs(get(0), value, LIMB_BITS),
  )
}

/** `selectEntry(to, table, digit)`: the point of a window that a digit of six bits stands for; see {@link ./base-table.ts}. */
export function selectEntryCode(entries: number, entryBytes: number): WasmFunction {
  const [to, table, digit] = [0, 1, 2]
  const fn = wasmFunction(['i32', 'i32', 'i32'])
  const parts = fn.locals(entryBytes / 16, 'v128')
  const [isNegative, wanted, at] = fn.locals(3, 'i32') as [number, number, number]
  const mask = fn.local('v128')
  const entry = parts.map((part, i) =>
    set(part, lanes.or(get(part), lanes.and(get(mask), lanes.load(get(table), 16 * i)))),
  )
  // x lies before y; the sign is y's.
  const negated = (part: number): Code => lanes.sub(lanes.xor(get(part), get(mask)), get(mask))
  const written = parts.map((part, i) => lanes.store(get(to), i < parts.length / 2 ? get(part) : negated(part), 16 * i))
  return fn.of(
    // All ones where the digit is below half.
    set(isNegative, i32.sub(i32.shiftRightUnsigned(get(digit), i32.const(5)), i32.const(1))),
    set(wanted, i32.and(i32.xor(get(digit), get(isNegative)), i32.const(entries - 1))),
    // Every entry is read, whichever is wanted.
    countTo(
      entries,
      at,
      set(mask, lanes.all(i32.sub(i32.const(0), i32.equal(get(at), get(wanted))))),
      entry,
      set(table, i32.add(get(table), i32.const(entryBytes))),
    ),
    set(mask, lanes.all(get(isNegative))),
    written,
  )
}

/** Folds 17 columns into nine limbs and stores them at the first parameter. */
function reduced(fn: ReturnType<typeof wasmFunction>, column: (k: number) => Code): Code {
  const [high, low] = [fn.locals(LIMBS, 'i64'), fn.locals(LIMBS, 'i64')]
  const top = fn.local('i64')
  const shifted = (local: number): Code => i64.shiftRight(get(local), i64.const(LIMB_BITS))
  const masked = (local: number): Code => set(local, i64.and(get(local), maskOf(LIMB_BITS)))
  const code: Code[] = []
  for (let k = LIMBS; k < COLUMNS; k++) {
    const [limb, before] = [high[k - LIMBS] as number, high[k - LIMBS - 1]]
    if (before === undefined) code.push(set(limb, column(k)))
    else code.push(set(limb, i64.add(column(k), shifted(before))), masked(before))
  }
  const [last, beforeLast] = [high[LIMBS - 1], high[LIMBS - 2]] as [number, number]
  code.push(set(last, shifted(beforeLast)), masked(beforeLast))
  for (let k = 0; k < LIMBS; k++) {
    const [limb, before] = [low[k] as number, low[k - 1]]
    let sum = i64.add(column(k), i64.mul(get(high[k] as number), i64.const(FOLD_0)))
    if (before !== undefined) {
      sum = i64.add(sum, i64.mul(get(high[k - 1] as number), i64.const(FOLD_1)))
      sum = i64.add(sum, shifted(before))
    }
    code.push(set(limb, sum))
    if (before !== undefined) code.push(masked(before))
  }
  const [first, second, third, end] = [low[0], low[1], low[2], low[LIMBS - 1]] as [number, number, number, number]
  code.push(
    set(top, i64.add(shifted(end), i64.mul(get(last), i64.const(FOLD_1)))),
    masked(end),
    set(first, i64.add(get(first), i64.mul(get(top), i64.const(FOLD_0)))),
    set(second, i64.add(i64.add(get(second), i64.mul(get(top), i64.const(FOLD_1))), shifted(first))),
    masked(first),
    set(third, i64.add(get(third), shifted(second))),
    masked(second),
    storeLimbs(get(0), low),
  )
  return code
}
