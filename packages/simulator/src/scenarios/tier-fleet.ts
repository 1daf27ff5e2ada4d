/**
 * Edge, regional and cloud replicas around Frankfurt: the nearer, the fewer and the dearer.
 *
 * Round trips are those measured from Frankfurt (WonderProxy, as in the data sets), written down here so that the
 * scenario runs without them. One GPU class everywhere: distance, price and room alone tell the tiers apart.
 */
import type { Tier } from '@isochrone/scheduler'
import { declaredEngine } from '../fleet/engine-time.ts'
import { tokenPrices } from '../fleet/token-prices.ts'
import type { Market } from '../scenario/load-market.ts'
import type { SimFleet, SimReplica } from '../sim-types.ts'

interface Site {
  tier: Tier
  city: string
  country: string
  rttMs: number
}

const sites: readonly Site[] = [
  { tier: 'edge', city: 'frankfurt', country: 'DE', rttMs: 1 },
  { tier: 'regional', city: 'munich', country: 'DE', rttMs: 7.8 },
  { tier: 'regional', city: 'paris', country: 'FR', rttMs: 10.7 },
  { tier: 'regional', city: 'dusseldorf', country: 'DE', rttMs: 16.8 },
  { tier: 'cloud', city: 'stockholm', country: 'SE', rttMs: 27.6 },
  { tier: 'cloud', city: 'hamburg', country: 'DE', rttMs: 35.1 },
  { tier: 'cloud', city: 'washington', country: 'US', rttMs: 97.3 },
]

/** USD/h of a replica of 8 H200: made up, in the order in which such places ask. */
const usdPerHour: Record<Tier, number> = { edge: 38, regional: 32, cloud: 28 }
/** Streams at once, as a share of the market's: an edge site is small. */
const room: Record<Tier, number> = { edge: 0.125, regional: 0.5, cloud: 1 }
const gpuClass = 'H200'

/** `gateways` gateways, all in Frankfurt; each tier's replicas are dealt to its cities in turn. Nothing fails by itself. */
export function tierFleet(market: Market, gateways = 2): SimFleet {
  const replicas: SimReplica[] = []
  const rttMs: number[] = []
  for (const tier of ['edge', 'regional', 'cloud'] as const) {
    const cities = sites.filter((site) => site.tier === tier)
    for (let n = 0; n < market.tiers[tier]; n++) {
      const { city, country, rttMs: rtt } = cities[n % cities.length] as Site
      const index = replicas.length
      rttMs.push(rtt)
      replicas.push({
        index,
        nodeId: `${tier}-${city}-${n}`,
        providerId: `${tier}-${city}`,
        failureDomain: `${city}-${Math.floor(n / cities.length) % 2}`,
        country,
        region: `${country.toLowerCase()}-${city}`,
        tier,
        gpuClass,
        usdPerHour: usdPerHour[tier],
        priceSource: 'scenario: made up',
        prices: tokenPrices(market, gpuClass, usdPerHour[tier]),
        declared: declaredEngine(gpuClass),
        speed: 1,
        concurrencyMax: Math.max(1, Math.round(room[tier] * market.fleet.concurrencyMax)),
        kvTokens: market.fleet.kvTokens,
        serverId: city,
        meanUpMs: 1e12,
        meanDownMs: 1,
        errorRate: 0,
      })
    }
  }
  return {
    replicas,
    gateways: Array.from({ length: gateways }, (_, index) => ({
      index,
      name: `Frankfurt ${index}`,
      serverId: 'frankfurt',
    })),
    rttMs: Array.from({ length: gateways }, () => Float64Array.from(rttMs)),
  }
}
