/** Does a price look like a slip of magnitude? Ten times above or below the middle of the market is asked about, then respected. */
import { formatUsd } from '@isochrone/domain'
import type { PriceStep } from './listing-draft.ts'

const SLIP_FACTOR = 10n

const words: Readonly<Record<keyof PriceStep, string>> = {
  inMicroUsdPerMtok: 'The input price',
  cachedMicroUsdPerMtok: 'The cached input price',
  outMicroUsdPerMtok: 'The output price',
  gpuHourMicroUsd: 'The price of a GPU-hour',
}

/** µUSD of other listings, by field; empty where nobody lists such a price. */
export type MarketPrices = Readonly<Record<keyof PriceStep, readonly bigint[]>>

/** The question to ask, or null. A price of zero is a price. */
export function priceSlip(
  prices: PriceStep,
  market: MarketPrices,
): { field: keyof PriceStep; question: string } | null {
  for (const field of Object.keys(words) as (keyof PriceStep)[]) {
    const price = BigInt(prices[field])
    const middle = medianOf(market[field])
    if (price === 0n || middle === null || middle === 0n) continue
    const isHigh = price >= middle * SLIP_FACTOR
    if (!isHigh && price * SLIP_FACTOR > middle) continue
    const times = isHigh ? price / middle : middle / price
    const against = `${times} times ${isHigh ? 'above' : 'below'} the middle of the market, ${formatUsd(middle)}`
    return { field, question: `${words[field]} of ${formatUsd(price)} is ${against}. Is that what you mean?` }
  }
  return null
}

export function medianOf(values: readonly bigint[]): bigint | null {
  const sorted = values.toSorted((a, b) => (a < b ? -1 : a > b ? 1 : 0))
  return sorted[Math.floor((sorted.length - 1) / 2)] ?? null
}
