/**
 * Keccak-256's sponge as a WebAssembly module, assembled here from the specification (FIPS 202, section 3; the padding of
 * Keccak as Ethereum uses it is the caller's).
 *
 * A library's module copies what it hashes and keeps its memory to itself: for a receipt of five blocks that is a third of
 * the time. This one has a single function, `hash(at, blocks, to)`, over a memory that the caller writes to directly.
 * `keccak.test.ts` holds it against two other implementations.
 */

import { createWasmModule, signed, unsigned } from './wasm-code.ts'

/** Bytes that a block takes up. */
export const KECCAK_BLOCK_BYTES = 136

const LANES = 25
const LANES_A_BLOCK = KECCAK_BLOCK_BYTES / 8
const ROUNDS = 24

/** The instructions used, by their codes in the binary format. */
const op = { loop: 0x03, end: 0x0b, brIf: 0x0d, get: 0x20, set: 0x21, tee: 0x22, load64: 0x29, store64: 0x37 } as const
const num = { const32: 0x41, const64: 0x42, add32: 0x6a, sub32: 0x6b, and64: 0x83, xor64: 0x85, rotl64: 0x89 } as const
const NO_RESULT = 0x40

// Locals: the three parameters, two sets of lanes (a round reads one and writes the other), and what a round needs.
const AT = 0
const BLOCKS = 1
const TO = 2
const lanesOf = (set: number) => 3 + set * LANES
const PARITY = 3 + 2 * LANES
const EFFECT = PARITY + 5
const ROW = EFFECT + 5
const LOCALS = 2 * LANES + 15

export interface KeccakModule {
  /** The module's memory; its size is fixed. */
  memory: Uint8Array
  /** Hashes `blocks` whole, padded blocks from address `at` on and writes 32 bytes to address `to`. */
  hash: (at: number, blocks: number, to: number) => void
}

/** @param pages of 64 KiB. */
export function createKeccakModule(pages: number): KeccakModule {
  const { memory, functions } = createWasmModule(pages, ['hash'], () => ({
    hash: {
      params: ['i32', 'i32', 'i32'],
      result: null,
      locals: Array.from({ length: LOCALS }, () => 'i64' as const),
      code: sponge(),
    },
  }))
  return { memory, hash: functions.hash }
}

/** Absorbs block after block into lanes that begin as zero, and writes the first four. */
function sponge(): number[] {
  const state = lanesOf(0)
  const code: number[] = [op.loop, NO_RESULT]
  for (let i = 0; i < LANES_A_BLOCK; i++) {
    code.push(op.get, AT, op.load64, 0, ...unsigned(8 * i), op.get, state + i, num.xor64, op.set, state + i)
  }
  // Unrolled, so that the turning and moving of lanes costs no instruction. An even number of rounds ends where it began.
  for (let i = 0; i < ROUNDS; i++) code.push(...round(lanesOf(i % 2), lanesOf((i + 1) % 2), i))
  code.push(op.get, AT, num.const32, ...signed(BigInt(KECCAK_BLOCK_BYTES)), num.add32, op.set, AT)
  code.push(op.get, BLOCKS, num.const32, 1, num.sub32, op.tee, BLOCKS, op.brIf, 0, op.end)
  for (let i = 0; i < 4; i++) code.push(op.get, TO, op.get, state + i, op.store64, 0, 8 * i)
  return code
}

/** θ, ρ, π, χ and ι: from the lanes `from` to the lanes `to`. Lane (x, y) is number x + 5y. */
function round(from: number, to: number, index: number): number[] {
  const code: number[] = []
  for (let x = 0; x < 5; x++) {
    code.push(op.get, from + x)
    for (let y = 1; y < 5; y++) code.push(op.get, from + x + 5 * y, num.xor64)
    code.push(op.set, PARITY + x)
  }
  for (let x = 0; x < 5; x++) {
    code.push(op.get, PARITY + ((x + 1) % 5), num.const64, 1, num.rotl64)
    code.push(op.get, PARITY + ((x + 4) % 5), num.xor64, op.set, EFFECT + x)
  }
  for (let y = 0; y < 5; y++) {
    for (let x = 0; x < 5; x++) {
      // π: lane (x, y) comes from (x + 3y, x).
      const [fromX, fromY] = [(x + 3 * y) % 5, x]
      const lane = fromX + 5 * fromY
      code.push(op.get, from + lane, op.get, EFFECT + fromX, num.xor64)
      if (lane !== 0) code.push(num.const64, ...signed(BigInt(rotations[lane] as number)), num.rotl64)
      code.push(op.set, ROW + x)
    }
    for (let x = 0; x < 5; x++) {
      const [here, next, after] = [ROW + x, ROW + ((x + 1) % 5), ROW + ((x + 2) % 5)]
      code.push(op.get, next, num.const64, ...signed(-1n), num.xor64, op.get, after, num.and64, op.get, here, num.xor64)
      if (x + y === 0) code.push(num.const64, ...signed(roundConstants[index] as bigint), num.xor64)
      code.push(op.set, to + x + 5 * y)
    }
  }
  return code
}

/** ρ (FIPS 202, algorithm 2): by how much each lane turns. */
const rotations = ((): number[] => {
  const offsets = Array.from({ length: LANES }, () => 0)
  for (let t = 0, x = 1, y = 0; t < 24; t++) {
    offsets[x + 5 * y] = (((t + 1) * (t + 2)) / 2) % 64
    ;[x, y] = [y, (2 * x + 3 * y) % 5]
  }
  return offsets
})()

/** ι (FIPS 202, algorithms 5 and 6): a round's constant, from a shift register of eight bits. */
const roundConstants = ((): bigint[] => {
  let register = 1
  return Array.from({ length: ROUNDS }, () => {
    let constant = 0n
    for (let j = 0; j <= 6; j++) {
      if (register & 1) constant |= 1n << BigInt(2 ** j - 1)
      register = register & 0x80 ? ((register << 1) ^ 0x171) & 0xff : register << 1
    }
    return constant
  })
})()
