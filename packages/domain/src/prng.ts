/**
 * A seeded integer PRNG, the same bits on every machine: sfc32 (Doty-Humphrey, PractRand), seeded through splitmix32.
 *
 * Its whole state is four 32-bit integers, so a decision record can carry it and replay the decision exactly.
 */
export type PrngState = readonly [number, number, number, number]

export interface Prng {
  /** A uniform unsigned 32-bit integer. */
  uint32(): number
  /** A uniform integer in [0, bound). `bound` is 1 to 2³². */
  below(bound: number): number
  /** A uniform number in [0, 1) with 32 bits. */
  unit(): number
  /** The state before the next draw. */
  state(): PrngState
  /** The same into four integers of the caller's, where a decision must not allocate. */
  copyState(into: Int32Array): void
}

/** 2⁻³²: multiplying by it is exact. */
const TO_UNIT = 1 / 4_294_967_296

/** A generator from a 32-bit seed, or continued from a recorded state. */
export function prng(seed: number | PrngState): Prng {
  // Integers in an array, not captured variables: those are boxed, and a draw takes five times as long.
  const s = Int32Array.from(typeof seed === 'number' ? seeded(seed) : seed)
  const uint32 = (): number => {
    const a = s[0] as number
    const b = s[1] as number
    const c = s[2] as number
    const d = s[3] as number
    const t = (((a + b) | 0) + d) | 0
    s[3] = d + 1
    s[0] = b ^ (b >>> 9)
    s[1] = c + (c << 3)
    s[2] = ((c << 21) | (c >>> 11)) + t
    return t >>> 0
  }
  if (typeof seed === 'number') for (let warmUp = 0; warmUp < 12; warmUp++) uint32()
  return {
    uint32,
    // Multiply-shift (Lemire 2019) without rejection: the bias is below bound/2³², irrelevant to placement.
    below: (bound) => Math.floor(uint32() * bound * TO_UNIT),
    unit: () => uint32() * TO_UNIT,
    copyState: (into) => {
      into[0] = s[0] as number
      into[1] = s[1] as number
      into[2] = s[2] as number
      into[3] = s[3] as number
    },
    state: () => [s[0] as number, s[1] as number, s[2] as number, s[3] as number],
  }
}

function seeded(seed: number): [number, number, number, number] {
  let state = seed >>> 0
  const next = (): number => {
    state = (state + 0x9e3779b9) >>> 0
    let t = state ^ (state >>> 16)
    t = Math.imul(t, 0x21f0aaad)
    t ^= t >>> 15
    t = Math.imul(t, 0x735a2d97)
    return (t ^ (t >>> 15)) | 0
  }
  return [next(), next(), next(), 1]
}
