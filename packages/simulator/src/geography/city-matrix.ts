/**
 * The measured network as cities: who is how far from whom, and which pairs nobody measured.
 *
 * For questions about coverage, where a guess must never count as service: unlike `read-network.ts`, which fills gaps
 * so that a simulated fleet can stand anywhere, an unmeasured pair stays unknown here. Every server is a city; servers
 * of one city, or within `mergeKm` in one country, are merged, and the best of them counts. Dropped: rows of servers
 * without an entry, and pairs faster than light in vacuum between their coordinates.
 */
import { decimal, text } from '../data/fields.ts'
import { sameCityMs, straightFibreMs, type NetworkServer } from '../data/read-network.ts'
import { readTable } from '../data/read-table.ts'

/** `avg`: mean over 24 h, what a user meets; `min`: the best of the day; `worse`: the slower direction's mean. */
export type RttStatistic = 'avg' | 'min' | 'worse'

export interface City {
  /** Name of its first server, such as `SanJose`. */
  id: string
  title: string
  country: string
  /** Names of all its servers. */
  servers: string[]
}

export interface CityMatrix {
  cities: readonly City[]
  /** Round trip between a customer in one city and a site in another, ms, by places in `cities`; null = not measured. */
  rttMs(customer: number, site: number, statistic: RttStatistic): number | null
  /** Directed rows left out, by why. */
  dropped: { unknownServer: number; fasterThanLight: number }
  /** Ordered pairs of different cities without a measurement in either direction. */
  unmeasuredPairs: number
}

interface Server extends NetworkServer {
  location: string
}

/** Refractive index of the fibre that `straightFibreMs` reckons with: light in vacuum needs that much less. */
const fibreIndex = 1.468

/**
 * @param files `wonderproxy_servers.csv` and `wonderproxy_rtt.csv.gz`
 * @param mergeKm servers of one country this near are one city; 0 merges those of one name alone
 * @throws AppError invalid_input naming file, line and field
 */
export function readCityMatrix(files: { servers: string; rtt: string }, mergeKm = 0): CityMatrix {
  const servers: Server[] = readTable(files.servers, {
    id: text,
    name: text,
    title: text,
    location: text,
    country: text,
    latitude: decimal(-90, 90),
    longitude: decimal(-180, 180),
  })
  const cityOf = mergeServers(servers, mergeKm)
  const members = Map.groupBy(servers.keys(), (server) => cityOf[server]!)
  const groups = [...members.values()]
  const cityIndex = new Map(
    groups.flatMap((group, city) => group.map((server) => [servers[server]!.id, city] as const)),
  )
  const matrix = readPings(files.rtt, new Map(servers.map((server) => [server.id, server])), cityIndex, groups.length)
  return {
    cities: groups.map((group): City => {
      const first = servers[group[0]!]!
      const { name, title, country } = first
      return { id: name, title, country, servers: group.map((server) => servers[server]!.name) }
    }),
    ...matrix,
  }
}

function readPings(
  file: string,
  servers: ReadonlyMap<string, Server>,
  cityOf: ReadonlyMap<string, number>,
  size: number,
): Omit<CityMatrix, 'cities'> {
  const columns = { source: text, destination: text, min_ms: decimal(0, 60_000), avg_ms: decimal(0, 60_000) }
  const rows = readTable(file, columns, ({ min_ms, avg_ms }) =>
    avg_ms < min_ms ? { field: 'avg_ms', problem: `the average ${avg_ms} is below the minimum ${min_ms}` } : undefined,
  )
  const dropped = { unknownServer: 0, fasterThanLight: 0 }
  const min = new Float64Array(size * size).fill(Infinity)
  const avg = new Float64Array(size * size).fill(Infinity)
  for (const { source, destination, min_ms, avg_ms } of rows) {
    const from = servers.get(source)
    const to = servers.get(destination)
    if (!from || !to) {
      dropped.unknownServer += 1
      continue
    }
    if (from !== to && min_ms < straightFibreMs(from, to) / fibreIndex) {
      dropped.fasterThanLight += 1
      continue
    }
    const pair = cityOf.get(source)! * size + cityOf.get(destination)!
    min[pair] = Math.min(min[pair]!, min_ms)
    avg[pair] = Math.min(avg[pair]!, avg_ms)
  }
  const known = (value: number) => (Number.isFinite(value) ? value : null)
  const rttMs = (customer: number, site: number, statistic: RttStatistic): number | null => {
    // A server's ping of itself never leaves the machine: it says nothing of the way across a city.
    if (customer === site) return sameCityMs
    const there = customer * size + site
    const back = site * size + customer
    if (statistic === 'worse') {
      const known = [avg[there]!, avg[back]!].filter(Number.isFinite)
      return known.length > 0 ? Math.max(...known) : null
    }
    const table = statistic === 'min' ? min : avg
    return known(table[there]!) ?? known(table[back]!)
  }
  let unmeasuredPairs = 0
  for (let from = 0; from < size; from++)
    for (let to = 0; to < size; to++) if (rttMs(from, to, 'avg') === null) unmeasuredPairs += 1
  return { rttMs, dropped, unmeasuredPairs }
}

/** For each server the first server of its city: same place name, or a chain of neighbours in one country. */
function mergeServers(servers: readonly Server[], mergeKm: number): number[] {
  const cityOf = servers.map((_, i) => i)
  const near = (a: Server, b: Server) =>
    a.country === b.country && (a.location === b.location || kmBetween(a, b) <= mergeKm)
  for (let i = 0; i < servers.length; i++) {
    for (let j = 0; j < i; j++) {
      if (!near(servers[i]!, servers[j]!) || cityOf[i] === cityOf[j]) continue
      const [from, to] = [Math.max(cityOf[i]!, cityOf[j]!), Math.min(cityOf[i]!, cityOf[j]!)]
      for (let k = 0; k <= i; k++) if (cityOf[k] === from) cityOf[k] = to
    }
  }
  return cityOf
}

/** Great-circle distance: what light in fibre covers in half of the round trip. */
function kmBetween(a: Server, b: Server): number {
  return (straightFibreMs(a, b) / 2) * (299.792458 / fibreIndex)
}
