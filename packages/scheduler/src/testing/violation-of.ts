/**
 * What a placement broke, judged from the offer and the request alone and by nothing of the engine: the promises that
 * must hold in every first choice, alternate and hedge.
 */
import { dataPolicies, trustLevels, type ReplicaOffer } from '../offer.ts'
import type { PlacementRequest } from '../placement.ts'

/** What a cap on the request counts for the bytes of a token's answer, as docs/API.md states it. */
const ANSWER_BYTES_PER_TOKEN = 200

/** A sentence, or null when every promise holds. */
export function violationOf(offer: ReplicaOffer, request: PlacementRequest): string | null {
  const { policy } = request
  const { prices } = offer
  const fail = (what: string): string => `${offer.nodeId}: ${what}`
  if (policy.regions !== null && !policy.regions.some((entry) => isIn(entry, offer))) {
    return fail(`in ${offer.country || '?'}/${offer.region}, allowed ${policy.regions.join(' ')}`)
  }
  if (dataPolicies.indexOf(offer.dataPolicy) < dataPolicies.indexOf(policy.dataPolicy)) return fail('data policy')
  if (trustLevels.indexOf(offer.trust) < trustLevels.indexOf(policy.minTrust)) return fail('trust')
  if (policy.gpuClasses !== null && !policy.gpuClasses.includes(offer.gpuClass)) return fail('GPU class')
  if (policy.exclude.includes(offer.nodeId) || policy.exclude.includes(offer.providerId)) return fail('excluded')
  if (request.excludeNodeIds.includes(offer.nodeId)) return fail('has failed it before')
  if (request.modelHash !== null && offer.modelHash !== request.modelHash) return fail('another build')
  if (!(request.tokensIn + (request.tokensOutNeeded ?? request.tokensOutMax) <= offer.contextTokensMax))
    return fail('context too long')
  const { inPerMtok, outPerMtok, requestMicroUsd } = policy.maxPrice
  if (inPerMtok !== null && !(isPrice(prices.inPerMtok) && prices.inPerMtok <= inPerMtok)) return fail('input cap')
  if (outPerMtok !== null && !(isPrice(prices.outPerMtok) && prices.outPerMtok <= outPerMtok)) return fail('output cap')
  if (requestMicroUsd !== null) {
    const charges = [
      [(request.tokensInMax ?? request.tokensIn) / 1e6, Math.max(prices.inPerMtok, prices.cachedPerMtok)],
      [request.tokensOutMax / 1e6, prices.outPerMtok],
      [request.bytesIn / 1e9, prices.inPerGb],
      [(request.tokensOutMax * ANSWER_BYTES_PER_TOKEN) / 1e9, prices.outPerGb],
    ] as const
    const used = charges.filter(([amount]) => amount > 0)
    const cost = used.reduce((sum, [amount, price]) => sum + amount * (isPrice(price) ? price : Infinity), 0)
    if (!(cost <= requestMicroUsd * (1 + 1e-12))) return fail(`costs ${cost}, cap ${requestMicroUsd}`)
  }
  return null
}

const isPrice = (price: number): boolean => Number.isFinite(price) && price >= 0

function isIn(entry: string, { country, region }: ReplicaOffer): boolean {
  if (country === '') return false
  return entry === country || entry === region || entry === `${country}/${region}`
}
