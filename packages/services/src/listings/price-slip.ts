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

/** The question to ask, about every slip at once, and the first of them; or null. A price of zero is a price. */
export function priceSlip(
  prices: PriceStep,
  market: MarketPrices,
): { field: keyof PriceStep; question: string } | null {
  const slips = (Object.keys(words) as (keyof PriceStep)[]).flatMap((field) => {
    const sentence = slipOf(field, BigInt(prices[field]), medianOf(market[field]))
    return sentence === null ? [] : [{ field, sentence }]
  })
  const [first] = slips
  if (!first) return null
  const sentences = slips.map(({ sentence }) => sentence).join(' ')
  return { field: first.field, question: `${sentences} Is that what you mean?` }
}

function slipOf(field: keyof PriceStep, price: bigint, middle: bigint | null): string | null {
  if (price === 0n || middle === null || middle === 0n) return null
  const isHigh = price >= middle * SLIP_FACTOR
  if (!isHigh && price * SLIP_FACTOR > middle) return null
  const times = isHigh ? price / middle : middle / price
  const against = `${times} times ${isHigh ? 'above' : 'below'} the middle of the market, ${formatUsd(middle)}`
  return `${words[field]} of ${formatUsd(price)} is ${against}.`
}

export function medianOf(values: readonly bigint[]): bigint | null {
  const sorted = values.toSorted((a, b) => (a < b ? -1 : a > b ? 1 : 0))
  return sorted[Math.floor((sorted.length - 1) / 2)] ?? null
}
