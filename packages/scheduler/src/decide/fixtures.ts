/** Offers and requests that the engine's tests start from. */
import type { ReplicaOffer } from '../offer.ts'
import type { PlacementRequest, RoutingPolicy } from '../placement.ts'

export const NOW_MS = 1_700_000_000_000

export const hexId = (n: number): string => `0x${n.toString(16).padStart(64, '0')}`

export function offer(n: number, change: Partial<ReplicaOffer> = {}): ReplicaOffer {
  return {
    nodeId: hexId(n),
    providerId: hexId(1_000_000 + n),
    modelHash: hexId(7),
    failureDomain: `dc-${n}`,
    region: 'eu-de',
    country: 'DE',
    tier: 'cloud',
    gpuClass: 'H200',
    trust: 'challenged',
    dataPolicy: 'no_training',
    contextTokensMax: 131_072,
    prices: { inPerMtok: 100_000, cachedPerMtok: 20_000, outPerMtok: 400_000, inPerGb: 0, outPerGb: 0 },
    concurrencyMax: 64,
    prior: {
      baseMs: 10,
      prefillMsPerToken: 0.03,
      tpotBaseMs: 9,
      tpotPerStreamMs: 0.34,
      tpotPerStreamTokenMs: 0.000_043,
    },
    ...change,
  }
}

export const policy: RoutingPolicy = {
  valueOfSecondMicroUsd: 50,
  valueOfGenerationSecondMicroUsd: 0,
  maxPrice: { inPerMtok: null, outPerMtok: null, requestMicroUsd: null },
  ttftSloMs: 1_000,
  tpotSloMs: 50,
  admission: 'capacity',
  regions: null,
  exclude: [],
  minTrust: 'claimed',
  dataPolicy: 'any',
  gpuClasses: null,
  allowFallbacks: true,
}

export function request(
  change: Partial<PlacementRequest> = {},
  policyChange: Partial<RoutingPolicy> = {},
): PlacementRequest {
  return {
    requestId: 'req_1',
    modelHash: null,
    tokensIn: 1_000,
    tokensOutMax: 400,
    tokensOutExpected: 200,
    bytesIn: 4_000,
    prefixHashes: [],
    prefixBlockTokens: 16,
    policy: { ...policy, ...policyChange },
    excludeNodeIds: [],
    ...change,
  }
}
