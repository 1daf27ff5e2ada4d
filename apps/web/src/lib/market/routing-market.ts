/** What the market has to choose from when a policy is written: prices, places, hardware, and names to exclude. */
import type { Offer } from '@isochrone/services'
import { median } from './median.ts'
import { nodeLabel } from '../words/format.ts'

export interface Choice {
  value: string
  label: string
  /** Nodes on offer that it names. */
  nodes: number
}

export interface PriceSpan {
  lowestMicroUsd: bigint
  medianMicroUsd: bigint
}

export interface RoutingMarket {
  /** µUSD per 10⁶ tokens; null while nothing is on offer. */
  input: PriceSpan | null
  output: PriceSpan | null
  countries: Choice[]
  regions: Choice[]
  gpuClasses: Choice[]
  providers: Choice[]
  nodes: Choice[]
}

/** A select with more entries helps nobody; whoever wants another pastes its id. */
const NODES_MAX = 500
const countryNames = new Intl.DisplayNames('en', { type: 'region' })

export function routingMarketOf(offers: readonly Offer[]): RoutingMarket {
  return {
    input: spanOf(offers.map(({ prices }) => prices.inMicroUsdPerMtok)),
    output: spanOf(offers.map(({ prices }) => prices.outMicroUsdPerMtok)),
    countries: choicesOf(offers, (offer) => [offer.country, `${countryName(offer.country)} (${offer.country})`]),
    regions: choicesOf(offers, (offer) => [offer.region, offer.region]),
    gpuClasses: choicesOf(offers, (offer) => [offer.gpuClass, offer.gpuClass]),
    providers: choicesOf(offers, (offer) => [offer.providerId, offer.providerName]),
    nodes: choicesOf(offers, (offer) => [offer.nodeId, nodeLabel(offer)]).slice(0, NODES_MAX),
  }
}

/** `DE` → `Germany`; what is no country code stays as it is. */
export function countryName(code: string): string {
  return /^[A-Z]{2}$/.test(code) ? (countryNames.of(code) ?? code) : code
}

function spanOf(prices: readonly bigint[]): PriceSpan | null {
  const numbers = prices.map(Number)
  const middle = median(numbers)
  return middle === null ? null : { lowestMicroUsd: BigInt(Math.min(...numbers)), medianMicroUsd: BigInt(middle) }
}

/** The values that offers have, by label, each with how many have it. */
export function choicesOf<T>(offers: readonly T[], read: (offer: T) => [value: string, label: string]): Choice[] {
  const found = new Map<string, Choice>()
  for (const offer of offers) {
    const [value, label] = read(offer)
    if (!value) continue
    const known = found.get(value)
    if (known) known.nodes += 1
    else found.set(value, { value, label, nodes: 1 })
  }
  return [...found.values()].toSorted((a, b) => a.label.localeCompare(b.label))
}

/** What was chosen earlier stays in sight when nothing on offer has it any more. */
export function withChosen(choices: readonly Choice[], chosen: readonly string[]) {
  const gone = chosen.filter((value) => !choices.some((choice) => choice.value === value))
  return [...choices, ...gone.map((value) => ({ value, label: value, nodes: 0 }))].map(({ value, label, nodes }) => ({
    value,
    label,
    count: nodes,
  }))
}
