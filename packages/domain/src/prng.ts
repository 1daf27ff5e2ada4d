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
}

/** A generator from a 32-bit seed, or continued from a recorded state. */
export function prng(seed: number | PrngState): Prng {
  let [a, b, c, d] = typeof seed === 'number' ? seeded(seed) : seed
  const uint32 = (): number => {
    const t = (((a + b) | 0) + d) | 0
    d = (d + 1) | 0
    a = b ^ (b >>> 9)
    b = (c + (c << 3)) | 0
    c = (c << 21) | (c >>> 11)
    c = (c + t) | 0
    return t >>> 0
  }
  if (typeof seed === 'number') for (let warmUp = 0; warmUp < 12; warmUp++) uint32()
  return {
    uint32,
    // Multiply-shift (Lemire 2019) without rejection: the bias is below bound/2³², irrelevant to placement.
    below: (bound) => Math.floor((uint32() * bound) / 4_294_967_296),
    unit: () => uint32() / 4_294_967_296,
    state: () => [a, b, c, d],
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
