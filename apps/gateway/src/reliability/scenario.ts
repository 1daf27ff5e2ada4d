/** One thing that breaks, and what must hold all the same. */
import type { Market } from './market.ts'

export interface Row {
  readonly client: string
  readonly billed: string
  readonly kept: string
}

export interface Scenario {
  readonly name: string
  /** What is broken, as the table says it. */
  readonly title: string
  /** Not part of `npm test`: it takes longer than some seconds. */
  readonly long?: true
  /** Throws where anything does not hold. */
  readonly run: (market: Market) => Promise<Row>
}

/** Tries of a round to bring about what its scenario is about, before that fails for want of it. */
const ROUNDS_MAX = 8

/** The row of the first round that has one: where nothing was there to break there was no break, so once more. */
export async function inRounds(missing: string, run: (round: number) => Promise<Row | null>): Promise<Row> {
  for (let round = 1; round <= ROUNDS_MAX; round++) {
    const row = await run(round)
    if (row) return row
  }
  throw new Error(`${missing}, in ${ROUNDS_MAX} rounds`)
}

/** Throws with what was seen. */
export function must(holds: boolean, expected: string, seen?: unknown): asserts holds {
  if (holds) return
  const what = seen === undefined ? '' : `; seen: ${JSON.stringify(seen, bigints)?.slice(0, 1_500)}`
  throw new Error(`${expected}${what}`)
}

const bigints = (_key: string, value: unknown): unknown => (typeof value === 'bigint' ? value.toString() : value)

/** `12 µUSD` */
export const microUsd = (amount: bigint): string => `${amount.toLocaleString('en-US')} µUSD`
