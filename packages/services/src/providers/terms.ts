/**
 * Terms: an immutable version of what a node is offered for. Their hash is the Keccak-256 of the canonical JSON (keys in
 * order, no white space), so anyone who has the document can check it against the receipts and the registry.
 */
import type { Prices } from '@isochrone/domain'
import { bytesToHex, keccak256, pricesJson, type Hex, type PricesJson } from '@isochrone/protocol'
import type { DataPolicy, Tier } from '@isochrone/scheduler'
import { z } from 'zod'

export interface TermsDocument {
  version: 2
  providerId: string
  nodeName: string
  region: string
  country: string
  simulated: boolean
  /** Declared: other nodes run on the same host. */
  sharedHost: boolean
  /** Declared: where it stands in the network. Terms of version 1 say nothing of it. */
  tier: Tier
  /** Declared: what happens to prompts. Terms of version 1 promise nothing. */
  dataPolicy: DataPolicy
  prices: PricesJson
}

export function termsHashOf(document: unknown): Hex {
  return bytesToHex(keccak256(Buffer.from(canonicalJson(document), 'utf8')))
}

/** JSON with sorted keys and no white space (the subset of RFC 8785 that has no floats). */
export function canonicalJson(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(',')}]`
  if (typeof value !== 'object' || value === null) return JSON.stringify(value)
  const entries = Object.entries(value)
    .filter(([, item]) => item !== undefined)
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
  return `{${entries.map(([key, item]) => `${JSON.stringify(key)}:${canonicalJson(item)}`).join(',')}}`
}

export function pricesToJson(prices: Prices): PricesJson {
  return {
    inMicroUsdPerMtok: prices.inMicroUsdPerMtok.toString(),
    cachedMicroUsdPerMtok: prices.cachedMicroUsdPerMtok.toString(),
    outMicroUsdPerMtok: prices.outMicroUsdPerMtok.toString(),
    inMicroUsdPerGb: prices.inMicroUsdPerGb.toString(),
    outMicroUsdPerGb: prices.outMicroUsdPerGb.toString(),
  }
}

/** Throws when a stored document has no prices: it was never ours. */
export function pricesFromJson(json: unknown): Prices {
  const prices = pricesJson.parse(json)
  return {
    inMicroUsdPerMtok: BigInt(prices.inMicroUsdPerMtok),
    cachedMicroUsdPerMtok: BigInt(prices.cachedMicroUsdPerMtok),
    outMicroUsdPerMtok: BigInt(prices.outMicroUsdPerMtok),
    inMicroUsdPerGb: BigInt(prices.inMicroUsdPerGb),
    outMicroUsdPerGb: BigInt(prices.outMicroUsdPerGb),
  }
}

export function pricesOfTerms(document: unknown): Prices {
  return pricesFromJson(z.object({ prices: pricesJson }).parse(document).prices)
}
