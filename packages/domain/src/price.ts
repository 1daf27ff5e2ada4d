/**
 * The price of an attempt, the same on the gateway, in the verifier and on the page.
 *
 * price = ceil(((billedIn·pIn + billedCached·pCached + billedOut·pOut)·10³ + bytesIn·pGbIn + bytesOut·pGbOut) / 10⁹),
 * with prices per 10⁶ tokens and per 10⁹ bytes, in µUSD: recomputable by anyone from the terms and the receipt.
 */
import { invariant } from './invariant.ts'

/** Prices frozen in a version of the terms, µUSD. */
export interface Prices {
  /** Per 10⁶ input tokens that were not cached. */
  inMicroUsdPerMtok: bigint
  /** Per 10⁶ input tokens served from a prefix cache. */
  cachedMicroUsdPerMtok: bigint
  /** Per 10⁶ output tokens. */
  outMicroUsdPerMtok: bigint
  /** Per 10⁹ bytes received from the customer. */
  inMicroUsdPerGb: bigint
  /** Per 10⁹ bytes sent to the customer. */
  outMicroUsdPerGb: bigint
}

export interface BilledUsage {
  /** Tokens; excludes `tokensCached`. */
  tokensIn: number
  tokensCached: number
  tokensOut: number
  bytesIn: number
  bytesOut: number
}

const DIVISOR = 1_000_000_000n

/** µUSD for this usage under these prices, rounded up once. Throws on negative, fractional or unsafe counts. */
export function priceMicroUsd(usage: BilledUsage, prices: Prices): bigint {
  for (const [name, count] of Object.entries(usage)) {
    invariant(Number.isSafeInteger(count) && count >= 0, `${name} is a count, got ${String(count)}`)
  }
  const tokens =
    BigInt(usage.tokensIn) * prices.inMicroUsdPerMtok +
    BigInt(usage.tokensCached) * prices.cachedMicroUsdPerMtok +
    BigInt(usage.tokensOut) * prices.outMicroUsdPerMtok
  const bytes = BigInt(usage.bytesIn) * prices.inMicroUsdPerGb + BigInt(usage.bytesOut) * prices.outMicroUsdPerGb
  return (tokens * 1000n + bytes + DIVISOR - 1n) / DIVISOR
}

/**
 * The most that a request can cost, for the reservation at admission: every input token uncached, every output token
 * used, and `bytesOutMax` sent. Actual usage never costs more, because price grows in every count.
 */
export function maxPriceMicroUsd(
  limits: { tokensInMax: number; tokensOutMax: number; bytesIn: number; bytesOutMax: number },
  prices: Prices,
): bigint {
  const dearestIn =
    prices.cachedMicroUsdPerMtok > prices.inMicroUsdPerMtok ? prices.cachedMicroUsdPerMtok : prices.inMicroUsdPerMtok
  const usage = {
    tokensIn: limits.tokensInMax,
    tokensCached: 0,
    tokensOut: limits.tokensOutMax,
    bytesIn: limits.bytesIn,
    bytesOut: limits.bytesOutMax,
  }
  return priceMicroUsd(usage, { ...prices, inMicroUsdPerMtok: dearestIn })
}
