/**
 * Terms: an immutable version of a listing. Prices and promises are signed fields, so that a contract can recompute a
 * price; everything else is a JSON document that `documentHash` binds.
 */
import { priceMicroUsd, type Prices } from '@isochrone/domain'
import { bytesToHex, keccak256 } from '../crypto/keccak.ts'
import { structHash } from './eip712.ts'
import type { DeliveryReceipt, Hex, LeaseReceipt, Terms } from './types.ts'

/** What receipts name and the registry keeps: the struct hash of the terms, without a domain. */
export function termsHashOf(terms: Terms): Hex {
  return structHash('Terms', terms)
}

/** Keccak-256 of the document's canonical JSON. */
export function documentHashOf(document: unknown): Hex {
  return bytesToHex(keccak256(Buffer.from(canonicalJson(document), 'utf8')))
}

/** JSON with sorted keys and no white space (the subset of RFC 8785 that has no floats). */
export function canonicalJson(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(',')}]`
  if (typeof value !== 'object' || value === null) return JSON.stringify(value) ?? 'null'
  const entries = Object.entries(value)
    .filter(([, item]) => item !== undefined)
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
  return `{${entries.map(([key, item]) => `${JSON.stringify(key)}:${canonicalJson(item)}`).join(',')}}`
}

/** The prices in terms, µUSD. */
export function pricesOfTerms(terms: Terms): Prices {
  return {
    inMicroUsdPerMtok: BigInt(terms.inPerMtok),
    cachedMicroUsdPerMtok: BigInt(terms.cachedPerMtok),
    outMicroUsdPerMtok: BigInt(terms.outPerMtok),
    inMicroUsdPerGb: BigInt(terms.inPerGb),
    outMicroUsdPerGb: BigInt(terms.outPerGb),
  }
}

/** What a delivery must cost under its terms, µUSD. Pass `prices` where many receipts share the terms. */
export function deliveryPriceMicroUsd(delivery: DeliveryReceipt, prices: Prices): bigint {
  const { billedIn, billedCached, billedOut, bytesIn, bytesOut } = delivery
  const usage = { tokensIn: billedIn, tokensCached: billedCached, tokensOut: billedOut, bytesIn, bytesOut }
  return priceMicroUsd(usage, prices)
}

const MS_PER_HOUR = 3_600_000n

/** What a lease must cost under its terms, µUSD: GPU time by the millisecond, rounded up once. */
export function leasePriceMicroUsd(lease: LeaseReceipt, terms: Terms): bigint {
  return (BigInt(lease.gpuMs) * BigInt(terms.perGpuHour) + MS_PER_HOUR - 1n) / MS_PER_HOUR
}

/**
 * What the node signs of a lease receipt: the same, without the lane's number. The lane numbers it afterwards, so that a
 * node that does not answer leaves no gap.
 */
export function leaseReadingOf(lease: LeaseReceipt): LeaseReceipt {
  return { ...lease, seq: 0 }
}
