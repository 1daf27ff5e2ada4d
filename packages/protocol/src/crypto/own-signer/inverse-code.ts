/**
 * `inverse(to, from)` modulo an odd number, of 32 bytes below it (zero stays zero): 600 of the division steps of Bernstein and Yang
 * ("Fast constant-time gcd computation and modular inversion", 2019), in the variant that starts at half a step, of which 590 are
 * enough for 256 bits (P. Wuille, "The safegcd implementation in libsecp256k1", 2021, which explains what follows).
 *
 * Thirty steps need the last thirty bits of f and g alone. They add up to a matrix, which is then applied to the whole of f and g and,
 * modulo the modulus, to d and e, for which f = d·x and g = e·x hold throughout. In the end g is 0, f is 1 or −1, and d the inverse
 * or its negative. Nothing branches by a value.
 */
import { countTo, get, i32, i64, set, wasmFunction, type Code, type WasmFunction } from '../wasm-code.ts'
import { INVERSE_LIMB_BITS as BITS, carryLimbs, LIMBS, limbsOf, maskOf, packLimbs, unpackLimbs } from './limbs-code.ts'
import { inverseOfOdd } from './scalar-code.ts'

const ROUNDS = 20
const SIGN = i64.const(63)

type Matrix = Record<'u' | 'v' | 'q' | 'r', number>

export function inverseCode(modulus: bigint): WasmFunction {
  const fn = wasmFunction(['i32', 'i32'])
  const [f, g, d, e] = [0, 1, 2, 3].map(() => fn.locals(LIMBS, 'i64')) as [number[], number[], number[], number[]]
  const [u, v, q, r, zeta] = fn.locals(5, 'i64') as [number, number, number, number, number]
  const [round, step] = fn.locals(2, 'i32') as [number, number]
  const matrix = { u, v, q, r }
  const limbs = limbsOf(modulus, BITS)
  return fn.of(
    f.map((local, i) => set(local, i64.const(limbs[i] as bigint))),
    unpackLimbs(g, get(1), BITS),
    set(e[0] as number, i64.const(1)),
    set(zeta, i64.const(-1)),
    countTo(
      ROUNDS,
      round,
      divisionSteps(fn, matrix, zeta, step, f[0] as number, g[0] as number),
      applyModulo(fn, matrix, d, e, limbs, inverseOfOdd(modulus, BITS)),
      applyExactly(fn, matrix, f, g),
    ),
    normalized(fn, d, f[LIMBS - 1] as number, limbs),
    packLimbs(get(0), d, BITS),
  )
}

/** Thirty steps on the last bits of f and g, noted in a matrix that is 2³⁰ times theirs. */
function divisionSteps(
  fn: ReturnType<typeof wasmFunction>,
  { u, v, q, r }: Matrix,
  zeta: number,
  step: number,
  f0: number,
  g0: number,
): Code {
  const [f, g, x, y, z, isSwap, isOdd] = fn.locals(7, 'i64') as [number, number, number, number, number, number, number]
  // x with its sign turned where `isSwap` is all ones.
  const turned = (to: number, of: number): Code => set(to, i64.sub(i64.xor(get(of), get(isSwap)), get(isSwap)))
  const added = (to: number, value: number, mask: number): Code =>
    set(to, i64.add(get(to), i64.and(get(value), get(mask))))
  return [
    [set(u, i64.const(1)), set(v, i64.const(0)), set(q, i64.const(0)), set(r, i64.const(1))],
    [set(f, get(f0)), set(g, get(g0)), set(step, i32.const(0))],
    countTo(
      BITS,
      step,
      set(isSwap, i64.shiftRight(get(zeta), SIGN)),
      set(isOdd, i64.sub(i64.const(0), i64.and(get(g), i64.const(1)))),
      [turned(x, f), turned(y, u), turned(z, v)],
      [added(g, x, isOdd), added(q, y, isOdd), added(r, z, isOdd)],
      set(isSwap, i64.and(get(isSwap), get(isOdd))),
      set(zeta, i64.sub(i64.xor(get(zeta), get(isSwap)), i64.const(1))),
      [added(f, g, isSwap), added(u, q, isSwap), added(v, r, isSwap)],
      set(g, i64.shiftRight(get(g), i64.const(1))),
      set(u, i64.shiftLeft(get(u), i64.const(1))),
      set(v, i64.shiftLeft(get(v), i64.const(1))),
    ),
  ]
}

/** (f, g) becomes the matrix times (f, g) over 2³⁰, which leaves no rest. */
function applyExactly(fn: ReturnType<typeof wasmFunction>, matrix: Matrix, f: number[], g: number[]): Code {
  const [low, high, carryF, carryG] = fn.locals(4, 'i64') as [number, number, number, number]
  const code: Code[] = []
  for (let i = 0; i < LIMBS; i++) {
    code.push(set(low, get(f[i] as number)), set(high, get(g[i] as number)))
    for (const [carry, one, two, target] of [
      [carryF, matrix.u, matrix.v, f],
      [carryG, matrix.q, matrix.r, g],
    ] as const) {
      const sum = i64.add(i64.mul(get(one), get(low)), i64.mul(get(two), get(high)))
      code.push(nextLimb(carry, i === 0 ? sum : i64.add(get(carry), sum), target[i - 1]))
    }
  }
  code.push(set(f[LIMBS - 1] as number, get(carryF)), set(g[LIMBS - 1] as number, get(carryG)))
  return code
}

/** (d, e) becomes the matrix times (d, e) over 2³⁰, modulo the modulus: as many moduli are added as leave no rest. */
function applyModulo(
  fn: ReturnType<typeof wasmFunction>,
  matrix: Matrix,
  d: number[],
  e: number[],
  modulus: readonly bigint[],
  inverse: bigint,
): Code {
  const [low, high, signD, signE] = fn.locals(4, 'i64') as [number, number, number, number]
  const rows = (
    [
      [matrix.u, matrix.v, d],
      [matrix.q, matrix.r, e],
    ] as const
  ).map(([one, two, target]) => ({ one, two, target, carry: fn.local('i64'), times: fn.local('i64') }))
  const code: Code[] = [
    set(signD, i64.shiftRight(get(d[LIMBS - 1] as number), SIGN)),
    set(signE, i64.shiftRight(get(e[LIMBS - 1] as number), SIGN)),
  ]
  for (let i = 0; i < LIMBS; i++) {
    code.push(set(low, get(d[i] as number)), set(high, get(e[i] as number)))
    for (const { one, two, target, carry, times } of rows) {
      const products = i64.add(i64.mul(get(one), get(low)), i64.mul(get(two), get(high)))
      if (i === 0) {
        // First the moduli that keep d and e above −modulus, then those that clear the last thirty bits.
        const kept = i64.add(i64.and(get(one), get(signD)), i64.and(get(two), get(signE)))
        const rest = i64.add(i64.mul(i64.and(get(carry), maskOf(BITS)), i64.const(inverse)), get(times))
        code.push(set(carry, products), set(times, kept))
        code.push(set(times, i64.sub(get(times), i64.and(rest, maskOf(BITS)))))
      }
      const multiple = i64.mul(get(times), i64.const(modulus[i] as bigint))
      const sum = i64.add(i === 0 ? get(carry) : i64.add(get(carry), products), multiple)
      code.push(nextLimb(carry, sum, target[i - 1]))
    }
  }
  for (const { target, carry } of rows) code.push(set(target[LIMBS - 1] as number, get(carry)))
  return code
}

/** Writes thirty bits of a sum (none of the lowest, which are zero) and carries the rest. */
function nextLimb(carry: number, sum: Code, target: number | undefined): Code {
  const written = target === undefined ? [] : set(target, i64.and(get(carry), maskOf(BITS)))
  return [set(carry, sum), written, set(carry, i64.shiftRight(get(carry), i64.const(BITS)))]
}

/** d, times the sign of f, from between −2 and 1 moduli into what is below one. */
function normalized(fn: ReturnType<typeof wasmFunction>, d: number[], fTop: number, modulus: readonly bigint[]): Code {
  const mask = fn.local('i64')
  const top = d[LIMBS - 1] as number
  const raised: Code[] = [
    set(mask, i64.shiftRight(get(top), SIGN)),
    d.map((local, i) => set(local, i64.add(get(local), i64.and(i64.const(modulus[i] as bigint), get(mask))))),
  ]
  const turned: Code[] = [
    set(mask, i64.shiftRight(get(fTop), SIGN)),
    d.map((local) => set(local, i64.sub(i64.xor(get(local), get(mask)), get(mask)))),
  ]
  const carried = carryLimbs(d, BITS)
  return [raised, turned, carried, raised, carried]
}
