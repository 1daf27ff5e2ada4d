/** Whether a price follows from the terms that its receipt names, and the terms from their hash. */
import { formatUsd } from '@isochrone/domain'
import type { ReceiptView, TermsView } from '@isochrone/services'
import { keccak256, stringToBytes } from 'viem'
import { invalid, unverifiable, valid, type BrowserCheck } from '../page/browser-check.ts'
import { shortHash } from '../words/format.ts'
import { priceLines } from '../market/price-lines.ts'
import { checkNames } from './receipt-check-names.ts'
import { structHashOf } from './signed-structs.ts'

/** @param named the terms hash that was signed. */
export function checkTerms(terms: TermsView | null, named: unknown): BrowserCheck {
  const name = checkNames.terms
  if (!terms?.values) return unverifiable(name, 'The terms that it names are not at hand: see the epoch file.')
  const hash = structHashOf('Terms', terms.values)
  if (hash !== named) return invalid(name, `The terms shown hash to ${shortHash(hash)}, not to the terms named.`)
  const documentHash = keccak256(stringToBytes(canonicalJson(terms.document)))
  return documentHash === terms.values.documentHash
    ? valid(name, `Prices and promises hash to ${shortHash(hash)}, and the listing to the document hash inside.`)
    : invalid(name, 'The listing shown is not the one that the terms bind.')
}

export function checkPrice({ delivery, terms, fault }: ReceiptView): BrowserCheck {
  const name = checkNames.price
  const price = BigInt(delivery.price ?? 0)
  if (price === 0n && fault !== 'none') return valid(name, 'The attempt failed and costs nothing.')
  if (!terms?.values) return unverifiable(name, 'The terms that it names are not at hand: see the epoch file.')
  const { microUsd } = priceLines(delivery, terms.values)
  return microUsd === price
    ? valid(name, `Counts times prices make ${formatUsd(microUsd)}, to the micro-dollar.`)
    : invalid(name, `Counts times prices make ${formatUsd(microUsd)}, the receipt says ${formatUsd(price)}.`)
}

/** JSON with sorted keys and no white space: what a listing's hash is taken over. */
export function canonicalJson(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(',')}]`
  if (typeof value !== 'object' || value === null) return JSON.stringify(value) ?? 'null'
  const members = Object.entries(value)
    .filter(([, item]) => item !== undefined)
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, item]) => `${JSON.stringify(key)}:${canonicalJson(item)}`)
  return `{${members.join(',')}}`
}
