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

/** Throws with what was seen. */
export function must(holds: boolean, expected: string, seen?: unknown): asserts holds {
  if (holds) return
  const what = seen === undefined ? '' : `; seen: ${JSON.stringify(seen, bigints)?.slice(0, 1_500)}`
  throw new Error(`${expected}${what}`)
}

const bigints = (_key: string, value: unknown): unknown => (typeof value === 'bigint' ? value.toString() : value)

/** `12 µUSD` */
export const microUsd = (amount: bigint): string => `${amount.toLocaleString('en-US')} µUSD`
