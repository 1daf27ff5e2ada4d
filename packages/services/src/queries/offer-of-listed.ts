/** A listed node as the engine sees it while nothing is asked of its models: a policy says nothing of model, build or context. */
import type { ReplicaOffer } from '@isochrone/scheduler'
import type { ListedNodeRow } from '../ports/rows.ts'
import { pricesOfStored } from '../providers/terms.ts'

export function offerOfListed(row: ListedNodeRow): ReplicaOffer {
  const { inMicroUsdPerMtok, cachedMicroUsdPerMtok, outMicroUsdPerMtok, inMicroUsdPerGb, outMicroUsdPerGb } =
    pricesOfStored(row.terms)
  return {
    nodeId: row.nodeId,
    providerId: row.providerId,
    modelHash: '',
    contextTokensMax: 1_000_000,
    failureDomain: row.failureDomain,
    region: row.region,
    country: row.country,
    tier: row.tier,
    gpuClass: row.gpuClass,
    trust: row.trust,
    dataPolicy: row.dataPolicy,
    concurrencyMax: 1,
    prices: {
      inPerMtok: Number(inMicroUsdPerMtok),
      cachedPerMtok: Number(cachedMicroUsdPerMtok),
      outPerMtok: Number(outMicroUsdPerMtok),
      inPerGb: Number(inMicroUsdPerGb),
      outPerGb: Number(outMicroUsdPerGb),
    },
  }
}
