/**
 * Does a price look like a slip? One ten times above or below its yardstick is asked about, and so are prices that contradict each other:
 * cached input dearer than input, output ten times cheaper. It is asked once, then respected.
 */
import { formatUsd } from '@isochrone/domain'
import type { PriceStep } from './listing-draft.ts'
import type { Yardstick, Yardsticks } from './price-yardstick.ts'

const SLIP_FACTOR = 10n
/** Cached input usually costs a fifth of input. */
const USUAL_CACHED_PART = 5n

const words: Readonly<Record<keyof PriceStep, string>> = {
  inMicroUsdPerMtok: 'The input price',
  cachedMicroUsdPerMtok: 'The cached input price',
  outMicroUsdPerMtok: 'The output price',
  gpuHourMicroUsd: 'The price of a GPU-hour',
}
const fields = Object.keys(words) as (keyof PriceStep)[]

interface Slip {
  field: keyof PriceStep
  sentence: string
}

/** The question to ask, about every slip at once, and the first of them; or null. A price of zero is a price. */
export function priceSlip(
  prices: PriceStep,
  yardsticks: Yardsticks,
): { field: keyof PriceStep; question: string } | null {
  const held = cachedByInput(prices, yardsticks)
  const slips = [...fields.flatMap((field) => slipOf(field, BigInt(prices[field]), held[field])), ...odd(prices)]
  const [first] = slips
  if (!first) return null
  const sentences = slips.map(({ sentence }) => sentence).join(' ')
  return { field: first.field, question: `${sentences} Is that what you mean?` }
}

/** While nobody names a price of cached input, one's own input price says more of its magnitude than any constant does. */
function cachedByInput(prices: PriceStep, yardsticks: Yardsticks): Yardsticks {
  const middle = BigInt(prices.inMicroUsdPerMtok) / USUAL_CACHED_PART
  if (yardsticks.cachedMicroUsdPerMtok.basis !== 'usual' || middle === 0n) return yardsticks
  return { ...yardsticks, cachedMicroUsdPerMtok: { basis: 'usual', middle } }
}

function slipOf(field: keyof PriceStep, price: bigint, { basis, middle }: Yardstick): Slip[] {
  if (price === 0n) return []
  const isHigh = price >= middle * SLIP_FACTOR
  if (!isHigh && price * SLIP_FACTOR > middle) return []
  const times = isHigh ? price / middle : middle / price
  const against = `${times} times ${isHigh ? 'above' : 'below'} ${againstWords(basis, middle)}`
  return [{ field, sentence: `${words[field]} of ${formatUsd(price)} is ${against}.` }]
}

function againstWords(basis: Yardstick['basis'], middle: bigint): string {
  const usd = formatUsd(middle)
  switch (basis) {
    case 'like':
      return `the middle of the market, ${usd}`
    case 'all':
      return `the middle of all offers, ${usd} (nobody offers what is like it)`
    case 'own':
      return `the middle of your other nodes, ${usd} (nobody else names such a price)`
    case 'usual':
      return `the usual ${usd} (nobody names such a price yet)`
  }
}

/** Prices of one node that contradict each other. */
function odd(prices: PriceStep): Slip[] {
  const [input, cached, out] = [
    BigInt(prices.inMicroUsdPerMtok),
    BigInt(prices.cachedMicroUsdPerMtok),
    BigInt(prices.outMicroUsdPerMtok),
  ]
  const slips: Slip[] = []
  if (cached > input) {
    const sentence = `${words.cachedMicroUsdPerMtok} of ${formatUsd(cached)} is above the input price of ${formatUsd(input)}.`
    slips.push({ field: 'cachedMicroUsdPerMtok', sentence })
  }
  if (out > 0n && out * SLIP_FACTOR <= input) {
    const sentence = `${words.outMicroUsdPerMtok} of ${formatUsd(out)} is ${input / out} times below the input price of ${formatUsd(input)}.`
    slips.push({ field: 'outMicroUsdPerMtok', sentence })
  }
  return slips
}
