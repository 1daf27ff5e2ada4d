/**
 * SHA-256's compression (FIPS 180-4, section 6.2) for {@link ../wasm-code.ts}: `compress(state, block, to)`, addresses of 32, 64
 * and 32 bytes, all big-endian as the standard writes them. `to` may be `state`.
 */
import { get, i32, set, wasmFunction, type Code, type WasmFunction } from '../wasm-code.ts'

const WORD = 1n << 32n

/** The first 32 bits of the fractions of the roots of the first primes: square roots to begin with, cube roots for the rounds. */
const primes: number[] = []
for (let n = 2; primes.length < 64; n++) if (primes.every((prime) => n % prime !== 0)) primes.push(n)
const firstState = primes.slice(0, 8).map((prime) => rootFraction(prime, 2n))
const roundConstants = primes.slice(0, 64).map((prime) => rootFraction(prime, 3n))

/** The state before the first block, 32 bytes. */
export const SHA256_FIRST_STATE: Uint8Array = Buffer.concat(
  firstState.map((word) => Buffer.from(word.toString(16).padStart(8, '0'), 'hex')),
)

export function compressCode(): WasmFunction {
  const [state, block, to] = [0, 1, 2]
  const fn = wasmFunction(['i32', 'i32', 'i32'])
  const schedule = fn.locals(16, 'i32')
  const swapped = fn.local('i32')
  const first = fn.locals(8, 'i32')
  let v = fn.locals(8, 'i32')
  const code: Code[] = []
  for (const [i, word] of schedule.entries()) code.push(set(word, bigEndian(i32.load(get(block), 4 * i), swapped)))
  for (const [i, word] of first.entries()) {
    code.push(set(word, bigEndian(i32.load(get(state), 4 * i), swapped)), set(v[i] as number, get(word)))
  }
  for (let i = 0; i < 64; i++) {
    const w = (offset: number): number => schedule[(i + offset) & 15] as number
    if (i >= 16) code.push(set(w(0), sum(get(w(0)), sigma(w(1), 7, 18, 3), get(w(9)), sigma(w(14), 17, 19, 10))))
    const [a, b, c, d, e, f, g, h] = v as [number, number, number, number, number, number, number, number]
    const choice = i32.xor(get(g), i32.and(get(e), i32.xor(get(f), get(g))))
    const majority = i32.or(i32.and(get(a), get(b)), i32.and(get(c), i32.or(get(a), get(b))))
    code.push(
      set(h, sum(get(h), turned(e, 6, 11, 25), choice, i32.const(roundConstants[i] as number), get(w(0)))),
      set(d, i32.add(get(d), get(h))),
      set(h, sum(get(h), turned(a, 2, 13, 22), majority)),
    )
    v = [h, a, b, c, d, e, f, g]
  }
  for (const [i, word] of first.entries()) {
    const value = i32.add(get(word), get(v[i] as number))
    code.push(i32.store(get(to), bigEndian(value, swapped), 4 * i))
  }
  return fn.of(code)
}

function sum(...terms: [Code, ...Code[]]): Code {
  return terms.reduce((left, right) => i32.add(left, right))
}

function turned(x: number, ...by: [number, number, number]): Code {
  const [one, two, three] = by.map((bits) => i32.rotateRight(get(x), i32.const(bits))) as [Code, Code, Code]
  return i32.xor(i32.xor(one, two), three)
}

function sigma(x: number, one: number, two: number, shift: number): Code {
  const turns = i32.xor(i32.rotateRight(get(x), i32.const(one)), i32.rotateRight(get(x), i32.const(two)))
  return i32.xor(turns, i32.shiftRightUnsigned(get(x), i32.const(shift)))
}

/** Four bytes the other way round. */
function bigEndian(value: Code, temporary: number): Code {
  const left = i32.and(i32.rotateLeft(get(temporary), i32.const(8)), i32.const(0x00ff00ff))
  const right = i32.and(i32.rotateRight(get(temporary), i32.const(8)), i32.const(0xff00ff00))
  return [set(temporary, value), i32.or(left, right)]
}

function rootFraction(prime: number, degree: bigint): number {
  const wanted = BigInt(prime) * WORD ** degree
  let [low, high] = [0n, BigInt(prime) * WORD]
  while (low < high) {
    const middle = (low + high + 1n) / 2n
    if (middle ** degree <= wanted) low = middle
    else high = middle - 1n
  }
  return Number(low % WORD)
}
