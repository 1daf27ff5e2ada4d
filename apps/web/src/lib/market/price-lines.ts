/**
 * A price taken apart: count × price for each thing that is billed, and the one rounding at the end.
 *
 * price = ⌈Σ count · price / unit⌉ in µUSD, with tokens by the million and bytes by 10⁹. Lines are kept in 10⁻⁹ µUSD, so
 * that they add up exactly.
 */
import type { Fields } from '../verify/signed-structs.ts'

export interface PriceLine {
  label: string
  count: number
  /** `tokens` or `bytes`. */
  unit: string
  /** µUSD for `per` of them. */
  priceMicroUsd: bigint
  per: string
  /** 10⁻⁹ µUSD. */
  nanoMicroUsd: bigint
}

export interface PriceSum {
  lines: PriceLine[]
  /** Before rounding, 10⁻⁹ µUSD. */
  nanoMicroUsd: bigint
  /** Rounded up once. */
  microUsd: bigint
}

const NANO = 1_000_000_000n

const billed = [
  ['Tokens in, fresh', 'billedIn', 'inPerMtok', 'tokens'],
  ['Tokens in, cached', 'billedCached', 'cachedPerMtok', 'tokens'],
  ['Tokens out', 'billedOut', 'outPerMtok', 'tokens'],
  ['Bytes in', 'bytesIn', 'inPerGb', 'bytes'],
  ['Bytes out', 'bytesOut', 'outPerGb', 'bytes'],
] as const

export function priceLines(delivery: Fields, terms: Fields): PriceSum {
  const lines = billed.map(([label, count, price, unit]): PriceLine => {
    const priceMicroUsd = BigInt(terms[price] ?? 0)
    const amount = BigInt(delivery[count] ?? 0)
    return {
      label,
      count: Number(amount),
      unit,
      priceMicroUsd,
      per: unit === 'tokens' ? '10⁶ tokens' : '10⁹ bytes',
      nanoMicroUsd: amount * priceMicroUsd * (unit === 'tokens' ? 1_000n : 1n),
    }
  })
  const nanoMicroUsd = lines.reduce((sum, line) => sum + line.nanoMicroUsd, 0n)
  return { lines, nanoMicroUsd, microUsd: (nanoMicroUsd + NANO - 1n) / NANO }
}

/** `4100000000n` → `4.1`: µUSD with as many of its nine decimals as it has. */
export function formatNanoMicroUsd(nano: bigint): string {
  const decimals = (nano % NANO).toString().padStart(9, '0').replace(/0+$/, '')
  return `${(nano / NANO).toLocaleString('en-US')}${decimals && `.${decimals}`}`
}
