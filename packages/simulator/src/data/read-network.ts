/**
 * Reads the measured network: WonderProxy's servers and the round trips between them.
 *
 * Rows of servers that have no entry are dropped, and so are pairs that would be faster than light in fibre on the
 * straight line (their coordinates are wrong). What is left is symmetrised: a round trip is one number for both
 * directions, so the lower of the two averages is the path without the slower direction's passing congestion. A pair
 * without a measurement is filled with great-circle distance × the median stretch, and counted as filled.
 */
import { decimal, text } from './fields.ts'
import { dataError } from './data-file.ts'
import { readTable } from './read-table.ts'

export interface NetworkServer {
  id: string
  /** `SanJose`; unique. */
  name: string
  title: string
  country: string
  latitude: number
  longitude: number
}

export interface Network {
  servers: readonly NetworkServer[]
  /** Place in `servers` by name. */
  indexOf(name: string): number
  /** Round trip, ms, by places in `servers`. Between a server and itself: `sameCityMs`. */
  rttMs(from: number, to: number): number
  /** True when that pair has no measurement of its own. */
  filled(from: number, to: number): boolean
  /** Rows dropped, by why. */
  dropped: { unknownServer: number; fasterThanLight: number }
  filledPairs: number
}

/** Light in fibre, km per ms, one way (refractive index 1.468). */
const fibreKmPerMs = 299.792458 / 1.468
const earthKm = 6_371
/** Median of measured round trip ÷ straight fibre over the pairs of this matrix. */
export const medianStretch = 1.98
/** Two points of one city; a server's ping of itself never leaves the machine, so it says nothing of that. */
export const sameCityMs = 1

/**
 * @param files `wonderproxy_servers.csv` and `wonderproxy_rtt.csv.gz`
 * @throws AppError invalid_input naming file, line and field
 */
export function readNetwork(files: { servers: string; rtt: string }): Network {
  const servers = readTable(files.servers, {
    id: text,
    name: text,
    title: text,
    country: text,
    latitude: decimal(-90, 90),
    longitude: decimal(-180, 180),
  })
  const places = new Map<string, number>()
  for (const [i, { id, line }] of servers.entries()) {
    if (places.has(id)) throw dataError(files.servers, { line, field: 'id' }, `the id '${id}' is there twice`)
    places.set(id, i)
  }
  const rows = readTable(files.rtt, { source: text, destination: text, avg_ms: decimal(0, 60_000) })
  const dropped = { unknownServer: 0, fasterThanLight: 0 }
  const measured = new Float64Array(servers.length ** 2).fill(Number.NaN)
  for (const { source, destination, avg_ms } of rows) {
    const from = places.get(source)
    const to = places.get(destination)
    if (from === undefined || to === undefined) {
      dropped.unknownServer += 1
      continue
    }
    if (from === to) continue
    if (avg_ms < straightFibreMs(servers[from] as NetworkServer, servers[to] as NetworkServer)) {
      dropped.fasterThanLight += 1
      continue
    }
    for (const pair of [from * servers.length + to, to * servers.length + from]) {
      measured[pair] = Math.min(avg_ms, Number.isNaN(measured[pair]) ? Infinity : (measured[pair] as number))
    }
  }
  return makeNetwork(servers, measured, dropped)
}

/** A network from its servers and a row-major matrix of measured round trips, `NaN` where there is none. */
export function makeNetwork(
  servers: readonly NetworkServer[],
  measured: Float64Array,
  dropped: Network['dropped'] = { unknownServer: 0, fasterThanLight: 0 },
): Network {
  const size = servers.length
  const byName = new Map(servers.map(({ name }, i) => [name, i]))
  const matrix = measured.slice()
  let filledPairs = 0
  for (let from = 0; from < size; from++) {
    matrix[from * size + from] = sameCityMs
    for (let to = 0; to < size; to++) {
      const pair = from * size + to
      if (from === to || !Number.isNaN(matrix[pair])) continue
      const straight = straightFibreMs(servers[from] as NetworkServer, servers[to] as NetworkServer)
      matrix[pair] = Math.max(sameCityMs, straight * medianStretch)
      if (from < to) filledPairs += 1
    }
  }
  return {
    servers,
    indexOf: (name) => byName.get(name) ?? -1,
    rttMs: (from, to) => matrix[from * size + to] as number,
    filled: (from, to) => from !== to && Number.isNaN(measured[from * size + to]),
    dropped,
    filledPairs,
  }
}

/** Round trip of light along a fibre on the great circle, ms. */
export function straightFibreMs(
  a: Pick<NetworkServer, 'latitude' | 'longitude'>,
  b: Pick<NetworkServer, 'latitude' | 'longitude'>,
): number {
  const rad = Math.PI / 180
  const dLat = (b.latitude - a.latitude) * rad
  const dLon = (b.longitude - a.longitude) * rad
  const h = Math.sin(dLat / 2) ** 2 + Math.cos(a.latitude * rad) * Math.cos(b.latitude * rad) * Math.sin(dLon / 2) ** 2
  return (2 * 2 * earthKm * Math.asin(Math.min(1, Math.sqrt(h)))) / fibreKmPerMs
}
