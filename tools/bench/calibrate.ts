/** Fixed integer and floating-point work, so that figures of two machines, or of a busy one, can be compared. */
export interface Calibration {
  operations: number
  nsPerOp: number
  /** Proof that the work was done, the same on every machine. */
  checksum: number
}

const OPERATIONS = 1_000_000
const ROUNDS = 100

/** The fastest of a hundred short rounds: what disturbs a machine only ever adds time. */
export function calibrate(): Calibration {
  const table = Float64Array.from({ length: 2_048 }, (_, i) => 1 + i / 4_096)
  let best = Number.POSITIVE_INFINITY
  let checksum = 0
  for (let round = 0; round < ROUNDS; round++) {
    const start = process.hrtime.bigint()
    checksum = work(table)
    best = Math.min(best, Number(process.hrtime.bigint() - start))
  }
  return { operations: OPERATIONS, nsPerOp: Math.round((best / OPERATIONS) * 1_000) / 1_000, checksum }
}

function work(table: Float64Array): number {
  let state = 0x9e3779b9 | 0
  let sum = 1
  for (let i = 0; i < OPERATIONS; i++) {
    state ^= state << 13
    state ^= state >>> 17
    state ^= state << 5
    sum = sum * 0.999_999 + (table[state & 2_047] as number)
  }
  return Math.round(sum)
}
