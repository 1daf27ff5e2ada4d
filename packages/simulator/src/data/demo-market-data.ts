/**
 * A small made-up market for whoever has none of the data sets: twelve cities, prices and presence drawn by a seed.
 *
 * Cities and their coordinates are real; round trips are distance × the usual stretch; prices are round figures about
 * what such hardware costs and copy no list. Figures from it show that the simulator runs, and nothing about a market.
 */
import { prng } from '@isochrone/domain'
import type { MarketData } from './read-market-data.ts'
import { makeNetwork, type NetworkServer } from './read-network.ts'
import type { GpuClass, PriceList, PriceRow } from './read-prices.ts'

const cities: readonly (readonly [name: string, country: string, latitude: number, longitude: number])[] = [
  ['Frankfurt', 'Germany', 50.1, 8.7],
  ['Washington', 'United States', 39, -77.4],
  ['SanJose', 'United States', 37.4, -122],
  ['Singapore', 'Singapore', 1.4, 103.8],
  ['KansasCity', 'United States', 39.1, -94.6],
  ['Portland', 'United States', 45.5, -122.7],
  ['Columbus', 'United States', 40, -83],
  ['Stockholm', 'Sweden', 59.3, 18.1],
  ['Helsinki', 'Finland', 60.2, 24.7],
  ['Paris', 'France', 48.9, 2.3],
  ['Tokyo', 'Japan', 35.7, 139.8],
  ['Reykjavik', 'Iceland', 64.1, -21.9],
]

/** USD per GPU-hour: middle and spread of each kind of list. */
const asks: Record<PriceList, Record<GpuClass, readonly [middle: number, spread: number]>> = {
  vast: { H200: [4, 0.25], B200: [6, 0.3], B300: [7, 0.3] },
  neocloud: { H200: [3.8, 0.2], B200: [6, 0.2], B300: [7.5, 0.1] },
  aws: { H200: [8.5, 0.2], B200: [14, 0], B300: [18, 0] },
}
const places: Record<PriceList, readonly string[]> = {
  vast: ['Virginia, US', 'Oregon, US', 'Ohio, US', 'France, FR', 'Japan, JP', 'Iceland, IS', ', US'],
  neocloud: ['eu-north1', 'eu-west1', 'us-central1'],
  aws: ['us-east-1', 'us-east-2', 'us-west-1', 'us-west-2', 'eu-north-1', 'ap-northeast-1'],
}
const rowsPerClass = 12

/** The same data for the same seed, on every machine. */
export function demoMarketData(seed = 1): MarketData {
  const rng = prng(seed)
  const servers = cities.map(([name, country, latitude, longitude], i): NetworkServer => ({
    id: String(i),
    name,
    title: name,
    country,
    latitude,
    longitude,
  }))
  const prices: PriceRow[] = []
  for (const list of ['vast', 'neocloud', 'aws'] as const) {
    for (const gpuClass of ['H200', 'B200', 'B300'] as const) {
      const [middle, spread] = asks[list][gpuClass]
      // Few sell the newest class.
      for (let i = 0; i < (gpuClass === 'B300' ? rowsPerClass / 4 : rowsPerClass); i++) {
        const place = places[list][rng.below(places[list].length)] as string
        prices.push({
          list,
          provider: list === 'neocloud' ? 'nebius' : list === 'aws' ? 'aws' : `vast-host-${rng.below(1_000)}`,
          gpuClass,
          usdPerGpuHour: middle * (1 + spread * (2 * rng.unit() - 1)),
          place,
          failureDomain: `${list}-${place}-${rng.below(3)}`,
          machine: list === 'vast' ? prices.length : null,
          source: `demo row ${prices.length + 1}`,
          dated: 'made up',
        })
      }
    }
  }
  const presence = (['H200', 'B200'] as const).map((gpu, machine) => ({
    machine: 1_000_000 + machine,
    gpu,
    datacenter: true,
    reliability: 0.99,
    listedMs: 100 * 3.6e6,
    unlistedMs: 20 * 3.6e6,
    endedRuns: 14,
  }))
  return {
    kind: 'demo',
    network: makeNetwork(servers, new Float64Array(servers.length ** 2).fill(Number.NaN)),
    prices,
    presence,
  }
}
