/** Offers that differ in name alone, and how evenly decisions fall on them. */
import { prng } from '@isochrone/domain'
import { decide } from '../decide/decide.ts'
import { createReplicaPool } from '../pool/replica-pool.ts'
import { randomPolicy, randomRequest } from './random-market.ts'

/** Pearson's χ² of the counts against equal shares, over its degrees of freedom: about 1 when the shares are equal. */
export function equalShares(seed: number, replicas: number, decisions: number): number {
  const rng = prng(seed)
  const pool = createReplicaPool()
  const counts = new Map<number, number>()
  for (let n = 0; n < replicas; n++) {
    const slot = pool.upsert({
      nodeId: `node_${rng.uint32()}_${n}`,
      providerId: `prv_${n}`,
      modelHash: '0xa',
      failureDomain: `dc-${n}`,
      region: 'eu-de',
      country: 'DE',
      tier: 'cloud',
      gpuClass: 'H200',
      trust: 'attested',
      dataPolicy: 'no_retention',
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
    })
    counts.set(slot, 0)
  }
  const open = {
    regions: null,
    exclude: [],
    gpuClasses: null,
    maxPrice: { inPerMtok: null, outPerMtok: null, requestMicroUsd: null },
  }
  const policy = { ...randomPolicy(rng), ...open, ttftSloMs: 60_000, tpotSloMs: 1_000 }
  for (let n = 0; n < decisions; n++) {
    const request = { ...randomRequest(rng, policy, n), modelHash: null, prefixHashes: [], excludeNodeIds: [] }
    const decision = decide(pool, request, rng, 1_700_000_000_000)
    if (decision.kind === 'none') throw new Error(`seed ${seed}: nothing placed on ${replicas} equal offers`)
    counts.set(decision.slot, (counts.get(decision.slot) ?? 0) + 1)
  }
  const expected = decisions / replicas
  let chiSquare = 0
  for (const count of counts.values()) chiSquare += (count - expected) ** 2 / expected
  return chiSquare / Math.max(1, replicas - 1)
}
