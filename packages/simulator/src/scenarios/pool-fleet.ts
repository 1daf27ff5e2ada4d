/**
 * A pool of equal replicas at one site behind all gateways of the market: nothing but cache and load tells them apart.
 */
import { declaredEngine, type GpuClass } from '../fleet/engine-time.ts'
import { tokenPrices } from '../fleet/token-prices.ts'
import type { Market } from '../scenario/load-market.ts'
import type { SimFleet, SimReplica } from '../sim-types.ts'

export interface PoolFleetInput {
  market: Market
  replicas: number
  kvTokens: number
  gateways?: number
  gpuClass?: GpuClass
  usdPerHour?: number
  rttMs?: number
}

/** Replicas never fail: a scenario adds the faults that it wants. */
export function poolFleet(input: PoolFleetInput): SimFleet {
  const { market, kvTokens, gpuClass = 'H200', usdPerHour = 32, rttMs = 2 } = input
  const count = input.gateways ?? market.gateways.length
  const prices = tokenPrices(market, gpuClass, usdPerHour)
  const replicas = Array.from({ length: input.replicas }, (_, index): SimReplica => ({
    index,
    nodeId: `pool-${String(index).padStart(3, '0')}`,
    providerId: 'pool',
    failureDomain: `rack-${index % 4}`,
    country: 'DE',
    region: 'eu-de',
    tier: 'regional',
    gpuClass,
    usdPerHour,
    priceSource: 'scenario: one operator, one price',
    prices,
    declared: declaredEngine(gpuClass),
    speed: 1,
    concurrencyMax: market.fleet.concurrencyMax,
    kvTokens,
    serverId: 'pool',
    meanUpMs: 1e12,
    meanDownMs: 1,
    errorRate: 0,
  }))
  const gateways = Array.from({ length: count }, (_, index) => ({
    index,
    name: market.gateways[index] ?? `gateway ${index}`,
    serverId: 'pool',
  }))
  return { replicas, gateways, rttMs: gateways.map(() => new Float64Array(input.replicas).fill(rttMs)) }
}
