/**
 * Where a price row's hardware stands: the place that its list names → the nearest server of the network matrix.
 *
 * Lists name countries, states or cloud regions; the table holds those that occur. Where a list names none (several
 * neoclouds, some Vast hosts), the place is **assumed**, one of a few in which that seller is known to have sites, and
 * marked so: the network distance of such a row is an assumption, its price is not.
 */
import type { PriceRow } from '../data/read-prices.ts'

export interface Place {
  /** Name of the server in the network. */
  server: string
  /** ISO 3166-1 alpha-2. */
  country: string
  assumed?: true
}

const at = (server: string, country: string): Place => ({ server, country })
const assumed = (server: string, country: string): Place => ({ server, country, assumed: true })

const awsRegions: Record<string, Place> = {
  'us-east-1': at('Washington', 'US'),
  'us-east-1-atl2': at('Atlanta', 'US'),
  'us-east-2': at('Columbus', 'US'),
  'us-west-1': at('SanJose', 'US'),
  'us-west-2': at('Portland', 'US'),
  'eu-north-1': at('Stockholm', 'SE'),
  'eu-south-2': at('Madrid', 'ES'),
  'eu-west-2': at('London', 'GB'),
  'ap-northeast-1': at('Tokyo', 'JP'),
  'ap-northeast-2': at('Seoul', 'KR'),
  'ap-south-1': at('Pune', 'IN'),
  'ap-southeast-2': at('Sydney', 'AU'),
  'ap-southeast-3': at('Jakarta', 'ID'),
  'me-central-1': at('Dubai', 'AE'),
}

const neocloudRegions: Record<string, Place> = {
  'nebius/eu-north1': at('Helsinki', 'FI'),
  'nebius/eu-west1': at('Paris', 'FR'),
  'nebius/us-central1': at('KansasCity', 'US'),
  'excesssupply/tokyo-japan-5': at('Tokyo', 'JP'),
}

/** Sellers whose list names no region. */
const sellersSites: Record<string, readonly Place[]> = {
  verda: [assumed('Helsinki', 'FI'), assumed('Reykjavik', 'IS')],
  'runpod-secure': [assumed('KansasCity', 'US'), assumed('Dallas', 'US'), assumed('Prague', 'CZ')],
  'runpod-community': [assumed('Stockholm', 'SE'), assumed('Toronto', 'CA'), assumed('LosAngeles', 'US')],
  lambdalabs: [assumed('Dallas', 'US'), assumed('SanFrancisco', 'US')],
  vultr: [assumed('Chicago', 'US'), assumed('Amsterdam', 'NL')],
  dc_wildebeest: [assumed('NewYork', 'US'), assumed('Frankfurt', 'DE')],
}

/** Vast's `geolocation` is "state or country, ISO code"; the state may be empty. */
const vastPlaces: Record<string, Place> = {
  'Virginia, US': at('Washington', 'US'),
  'Maryland, US': at('Baltimore', 'US'),
  'New Jersey, US': at('Secaucus', 'US'),
  'Ohio, US': at('Columbus', 'US'),
  'Oregon, US': at('Portland', 'US'),
  US: assumed('KansasCity', 'US'),
  AU: at('Sydney', 'AU'),
  CA: assumed('Toronto', 'CA'),
  CZ: at('Prague', 'CZ'),
  FI: at('Helsinki', 'FI'),
  FR: at('Paris', 'FR'),
  IS: at('Reykjavik', 'IS'),
  IT: at('Milan', 'IT'),
  JP: at('Tokyo', 'JP'),
  MX: at('Mexico', 'MX'),
  SA: at('Riyadh', 'SA'),
}

/** A place of which nothing is known: the middle of the list's own largest market. */
const unknown = assumed('KansasCity', 'US')

/** @param draw uniform in [0, 1): picks among the sites of a seller that names no region */
export function placeOf(row: PriceRow, draw: number): Place {
  if (row.list === 'aws') return awsRegions[row.place] ?? unknown
  if (row.list === 'vast') {
    const country = row.place.split(',').at(-1)?.trim() ?? ''
    return vastPlaces[row.place] ?? vastPlaces[country] ?? unknown
  }
  const sites = sellersSites[row.provider] ?? [unknown]
  return neocloudRegions[`${row.provider}/${row.place}`] ?? (sites[Math.floor(draw * sites.length)] as Place)
}

/** Gateways by the names that `market.json` uses. */
export const gatewayServers: Readonly<Record<string, string>> = {
  Frankfurt: 'Frankfurt',
  Ashburn: 'Washington',
  'San Jose': 'SanJose',
  Singapore: 'Singapore',
}
