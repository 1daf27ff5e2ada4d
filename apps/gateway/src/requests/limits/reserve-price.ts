/**
 * The most that a request can cost at any node that could serve it now: what is reserved before anything runs.
 *
 * The bill is bounded by the same counts (tokens in ≤ bytes in + 64, tokens out ≤ the limit, bytes out ≤ the bound), so
 * it never exceeds the reservation.
 */
import { bytesOutMax, maxPriceMicroUsd, type Prices } from '@isochrone/domain'
import type { NodeState, PricesJson } from '@isochrone/protocol'
import { promptTokensMax } from '@isochrone/scheduler'
import type { InferenceRequest } from '../read/parse-request.ts'

/** Bytes of answer that are billed at most. */
export const bytesOutMaxOf = (request: InferenceRequest): number => bytesOutMax(request)

/** Prompt tokens that are billed at most. */
export const tokensInMaxOf = ({ body }: InferenceRequest): number => promptTokensMax(body.length)

/** µUSD; 0 when no node is given. */
export function reservePriceMicroUsd(request: InferenceRequest, nodes: readonly NodeState[]): bigint {
  const limits = {
    tokensInMax: tokensInMaxOf(request),
    tokensOutMax: request.tokensOutMax,
    bytesIn: request.body.length,
    bytesOutMax: bytesOutMaxOf(request),
  }
  return worstPriceMicroUsd(limits, nodes)
}

/** What usage within `limits` costs at the dearest of `nodes`, µUSD. */
export function worstPriceMicroUsd(
  limits: Parameters<typeof maxPriceMicroUsd>[0],
  nodes: readonly Pick<NodeState, 'prices'>[],
): bigint {
  let dearest = 0n
  for (const node of nodes) {
    const price = maxPriceMicroUsd(limits, pricesOf(node.prices))
    if (price > dearest) dearest = price
  }
  return dearest
}

/** By identity: the control state has a new object for each change. */
const parsed = new WeakMap<PricesJson, Prices>()

/** Prices from their JSON form. */
export function pricesOf(json: PricesJson): Prices {
  let prices = parsed.get(json)
  if (!prices) parsed.set(json, (prices = parsePrices(json)))
  return prices
}

function parsePrices(json: PricesJson): Prices {
  return {
    inMicroUsdPerMtok: BigInt(json.inMicroUsdPerMtok),
    cachedMicroUsdPerMtok: BigInt(json.cachedMicroUsdPerMtok),
    outMicroUsdPerMtok: BigInt(json.outMicroUsdPerMtok),
    inMicroUsdPerGb: BigInt(json.inMicroUsdPerGb),
    outMicroUsdPerGb: BigInt(json.outMicroUsdPerGb),
  }
}
