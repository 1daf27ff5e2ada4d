/**
 * Builds the fleet of `market.json` out of price lists, the network matrix and machine presence.
 *
 * A third of the replicas from each kind of list, rows drawn without replacement by the seed; a list with fewer rows
 * than its share is drawn through again (such replicas are further machines at the same listed price). USD/h per GPU
 * times 8: the engine curves are of 8-GPU replicas. The same seed and data give the same fleet on every machine.
 */
import { AppError, invariant, prng, type Prng } from '@isochrone/domain'
import type { MachinePresence } from '../data/read-presence.ts'
import { meanUpMs } from '../data/read-presence.ts'
import type { MarketData } from '../data/read-market-data.ts'
import type { PriceList, PriceRow } from '../data/read-prices.ts'
import { apportion, between, shuffled } from '../draw.ts'
import type { Market } from '../scenario/load-market.ts'
import type { SimGateway, SimReplica } from '../sim-types.ts'
import { subSeed } from '../sub-seed.ts'
import { declaredEngine } from './engine-time.ts'
import { gatewayServers, placeOf } from './places.ts'
import { tokenPrices } from './token-prices.ts'

const gpusPerReplica = 8
const lists = ['vast', 'neocloud', 'aws'] as const satisfies readonly PriceList[]
const tierOf = { vast: 'regional', neocloud: 'regional', aws: 'cloud' } as const
/** A machine with fewer ended runs than this says too little of itself: its class speaks for it. */
const endedRunsMin = 5

export interface MarketFleet {
  replicas: SimReplica[]
  gateways: SimGateway[]
  /** Round trips by gateway and replica index, ms. */
  rttMs: Float64Array[]
}

/** @throws AppError invalid_input when a list that the market wants has no rows, or a gateway's city is not in the network */
export function buildMarketFleet(input: { market: Market; data: MarketData; seed: number }): MarketFleet {
  const { market, data, seed } = input
  const rng = prng(subSeed(seed, 'fleet'))
  const wanted = apportion(
    market.fleet.replicas,
    lists.map((list) => market.fleet.shares[list]),
  )
  const rows = lists.flatMap((list, i) => drawRows(rng, data.prices, list, wanted[i] as number))
  const upMs = upTimes(data.presence)
  const slow = new Set(
    shuffled(rng, [...rows.keys()]).slice(0, Math.round(market.fleet.slowShare * market.fleet.replicas)),
  )
  const replicas = shuffled(rng, rows).map((row, index): SimReplica => {
    const place = placeOf(row, rng.unit())
    const usdPerHour = row.usdPerGpuHour * gpusPerReplica
    const speed = between(rng, market.fleet.slowFactor)
    return {
      index,
      nodeId: `${row.list}-${String(index).padStart(3, '0')}`,
      providerId: row.provider,
      // One site of a neocloud shares power and network, whatever its list calls the place.
      failureDomain: row.list === 'neocloud' ? `${row.provider}-${place.server.toLowerCase()}` : row.failureDomain,
      country: place.country,
      region: `${row.list}-${place.server.toLowerCase()}`,
      tier: tierOf[row.list],
      gpuClass: row.gpuClass,
      usdPerHour,
      priceSource: `${row.list}: ${row.source} (${row.dated})`,
      prices: tokenPrices(market, row.gpuClass, usdPerHour),
      declared: declaredEngine(row.gpuClass),
      speed: slow.has(index) ? speed : 1,
      concurrencyMax: market.fleet.concurrencyMax,
      kvTokens: market.fleet.kvTokens,
      serverId: place.server,
      meanUpMs: upMs(row),
      meanDownMs: market.churn.meanDownMs,
      errorRate: between(rng, market.fleet.errorRate),
    }
  })
  const gateways = market.gateways.map((name, index) => ({ index, name, serverId: gatewayServers[name] ?? name }))
  return { replicas, gateways, rttMs: roundTrips(data, gateways, replicas) }
}

function drawRows(rng: Prng, prices: readonly PriceRow[], list: PriceList, count: number): PriceRow[] {
  const rows = prices.filter((row) => row.list === list)
  if (count > 0 && rows.length === 0) {
    throw new AppError('invalid_input', { publicMessage: `the price lists hold no row of kind '${list}'`, field: list })
  }
  const drawn: PriceRow[] = []
  while (drawn.length < count) drawn.push(...shuffled(rng, rows).slice(0, count - drawn.length))
  return drawn
}

/**
 * Mean up time of a row: of its own machine where Vast saw enough of it, else of its GPU class; a list of data centres
 * is given what data-centre hosts of the class show. No list shows B300 machines' presence: B200's stands for it.
 */
function upTimes(presence: readonly MachinePresence[]): (row: PriceRow) => number {
  const byMachine = new Map(presence.map((machine) => [machine.machine, machine]))
  const ofClass = (gpuClass: string, datacenter: boolean) => {
    const known = gpuClass === 'B300' ? 'B200' : gpuClass
    return meanUpMs(presence.filter(({ gpu, datacenter: dc }) => gpu === known && (dc || !datacenter)))
  }
  return (row) => {
    const own = row.machine === null ? undefined : byMachine.get(row.machine)
    if (own && own.endedRuns >= endedRunsMin) return meanUpMs([own])
    return ofClass(row.gpuClass, row.list !== 'vast')
  }
}

function roundTrips(
  data: MarketData,
  gateways: readonly SimGateway[],
  replicas: readonly SimReplica[],
): Float64Array[] {
  const { network } = data
  const indexOf = (name: string, what: string) => {
    const found = network.indexOf(name)
    if (found < 0)
      throw new AppError('invalid_input', { publicMessage: `the network has no server for ${what} '${name}'` })
    return found
  }
  const places = replicas.map(({ serverId, nodeId }) => indexOf(serverId, `replica ${nodeId} at`))
  return gateways.map(({ serverId }) => {
    const from = indexOf(serverId, 'gateway')
    const row = Float64Array.from(places, (to) => network.rttMs(from, to))
    invariant(row.every(Number.isFinite), 'every round trip of the network is a number')
    return row
  })
}
