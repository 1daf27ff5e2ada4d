/** Small worlds for tests of the bounds. */
import { declaredEngine, gpuClasses } from '../fleet/engine-time.ts'
import type { SimReplica, SimRequest } from '../sim-types.ts'

/** A replica whose output token costs `outPerMtok` µUSD per 10⁶; input a tenth of it, cached input a hundredth. */
export function testReplica(index: number, classIndex: number, outPerMtok: number, speed = 1): SimReplica {
  const gpuClass = gpuClasses[classIndex % gpuClasses.length] ?? 'H200'
  return {
    index,
    nodeId: `node-${index}`,
    providerId: `provider-${index}`,
    failureDomain: `domain-${index}`,
    country: 'DE',
    region: 'test',
    tier: 'regional',
    gpuClass,
    usdPerHour: 30,
    priceSource: 'vast: test (2026-01-01)',
    prices: {
      inPerMtok: Math.ceil(outPerMtok / 10),
      cachedPerMtok: Math.ceil(outPerMtok / 100),
      outPerMtok,
      inPerGb: 0,
      outPerGb: 0,
    },
    declared: declaredEngine(gpuClass),
    speed,
    concurrencyMax: 256,
    kvTokens: 1_500_000,
    serverId: 'Frankfurt',
    meanUpMs: Infinity,
    meanDownMs: 120_000,
    errorRate: 0,
  }
}

export function testRequest(index: number, arriveMs: number, tokensIn: number, tokensOut: number): SimRequest {
  return {
    index,
    arriveMs,
    tenant: 0,
    gateway: 0,
    tokensIn,
    tokensOut,
    prefixHashes: [],
    ttftSloMs: 500 + 2 * 0.0317 * tokensIn,
    tpotSloMs: 50,
  }
}
