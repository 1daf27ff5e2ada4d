/**
 * Which measured cities have GPUs on offer, of any class: the places that the price lists name, as cities.
 *
 * Lists name states, countries or cloud regions. A cloud region stands where its operator says; a state or country is
 * stood for by the measured city that is its main data-centre market. Made by hand and coarse: a host in "Japan" is
 * taken to be in Tokyo. Places that name no state of a large country, or lie more than about 150 km from every measured
 * city, are left out: they could only be guessed.
 */
import { optional, text } from '../data/fields.ts'
import { readTable } from '../data/read-table.ts'

const vastPlaces: Readonly<Record<string, string>> = {
  'Alberta, CA': 'Edmonton',
  'Arizona, US': 'Phoenix',
  'British Columbia, CA': 'Vancouver',
  'California, US': 'SanJose',
  'Colorado, US': 'Denver',
  'Delaware, US': 'Philadelphia',
  'District of Columbia, US': 'Washington',
  'Florida, US': 'Miami',
  'Georgia, US': 'Atlanta',
  'Guangdong, CN': 'Shenzhen',
  'Hawaii, US': 'Honolulu',
  'Hebei, CN': 'Zhangjiakou',
  'Illinois, US': 'Chicago',
  'Indiana, US': 'Indianapolis',
  'Iowa, US': 'DesMoines',
  'Kansas, US': 'KansasCity',
  'Louisiana, US': 'NewOrleans',
  'Manitoba, CA': 'Winnipeg',
  'Maryland, US': 'Baltimore',
  'Massachusetts, US': 'Boston',
  'Michigan, US': 'Detroit',
  'Minnesota, US': 'Minneapolis',
  'Missouri, US': 'StLouis',
  'Moscow, RU': 'Moscow',
  'Nebraska, US': 'Lincoln',
  'Nevada, US': 'LasVegas',
  'New Jersey, US': 'Secaucus',
  'New York, US': 'NewYork',
  'North Carolina, US': 'Charlotte',
  'Novosibirsk Oblast, RU': 'Novosibirsk',
  'Ohio, US': 'Columbus',
  'Oklahoma, US': 'OklahomaCity',
  'Ontario, CA': 'Toronto',
  'Oregon, US': 'Portland',
  'Pennsylvania, US': 'Philadelphia',
  'Quebec, CA': 'Montreal',
  'Saskatchewan, CA': 'Saskatoon',
  'Shanghai, CN': 'Shanghai',
  'St.-Petersburg, RU': 'StPetersburg',
  'Tennessee, US': 'Memphis',
  'Texas, US': 'Dallas',
  'Utah, US': 'SaltLakeCity',
  'Virginia, US': 'Washington',
  'Washington, US': 'Seattle',
  'West Virginia, US': 'BerkeleySprings',
  'Wisconsin, US': 'GreenBay',
  AE: 'Dubai',
  AR: 'BuenosAires',
  AT: 'Vienna',
  AU: 'Sydney',
  BE: 'Brussels',
  BG: 'Sofia',
  BR: 'SaoPaulo',
  CH: 'Zurich',
  CL: 'Santiago',
  CY: 'Limassol',
  CZ: 'Prague',
  DE: 'Frankfurt',
  DK: 'Copenhagen',
  EC: 'Quito',
  EE: 'Tallinn',
  ES: 'Madrid',
  FI: 'Helsinki',
  FR: 'Paris',
  GB: 'London',
  GR: 'Athens',
  HK: 'HongKong',
  HR: 'Zagreb',
  HU: 'Budapest',
  ID: 'Jakarta',
  IE: 'Dublin',
  IL: 'TelAviv',
  IN: 'Pune',
  IS: 'Reykjavik',
  IT: 'Milan',
  JP: 'Tokyo',
  KR: 'Seoul',
  LV: 'Riga',
  MD: 'Chisinau',
  MK: 'Pristina',
  MO: 'HongKong',
  MX: 'Mexico',
  MY: 'Malaysia',
  NL: 'Amsterdam',
  NO: 'Oslo',
  NZ: 'Auckland',
  PK: 'Lahore',
  PL: 'Warsaw',
  PR: 'SanJuan',
  PT: 'Lisbon',
  RO: 'Bucharest',
  RS: 'Nis',
  SA: 'Riyadh',
  SE: 'Stockholm',
  SG: 'Singapore',
  SI: 'Ljubljana',
  SK: 'Bratislava',
  TH: 'Bangkok',
  TR: 'Istanbul',
  TW: 'Taipei',
  UA: 'Kiev',
  VN: 'HoChiMinhCity',
  ZA: 'Johannesburg',
}

/** Countries so large that a host without a state could be anywhere. */
const needState = new Set(['US', 'CA', 'CN', 'RU'])

const catalogPlaces: Readonly<Record<string, string>> = {
  'ap-northeast-1': 'Tokyo',
  'ap-northeast-2': 'Seoul',
  'ap-south-1': 'Pune',
  'ap-southeast-2': 'Sydney',
  'ap-southeast-3': 'Jakarta',
  'eu-north-1': 'Stockholm',
  'eu-south-2': 'Madrid',
  'eu-west-2': 'London',
  'me-central-1': 'Dubai',
  'us-east-1': 'Washington',
  'us-east-2': 'Columbus',
  'us-west-1': 'SanJose',
  'us-west-2': 'Portland',
  'eu-north1': 'Helsinki',
  'eu-west1': 'Paris',
  'us-central1': 'KansasCity',
  austin: 'Austin',
  chicago: 'Chicago',
  culpeper: 'Washington',
  dallas: 'Dallas',
  desmoines: 'DesMoines',
  dulles: 'Washington',
  houston: 'Houston',
  kansascity: 'KansasCity',
  newyork: 'NewYork',
  paris: 'Paris',
  phoenix: 'Phoenix',
  saltlakecity: 'SaltLakeCity',
  sanjose: 'SanJose',
  tokyo: 'Tokyo',
  warsaw: 'Warsaw',
}

export interface PlacesOnOffer {
  /** Names of servers of the network, sorted. */
  servers: string[]
  /** Places that the lists name and no measured city stands for, sorted. */
  leftOut: string[]
}

/**
 * Every place of Vast's asks and of the cloud catalogue, any GPU class and any snapshot.
 *
 * @param files `vast_offers_3snapshots.csv.gz` and `catalog_regions.csv`
 * @throws AppError invalid_input naming file, line and field
 */
export function readGpuPlaces(files: { vast: string; catalog: string }): PlacesOnOffer {
  const vast = readTable(files.vast, { geolocation: optional(text) }).map(({ geolocation }) => geolocation ?? '')
  const catalog = readTable(files.catalog, { region: text, zone: optional(text), usd_hr_total: optional(text) })
  const found = [
    ...[...new Set(vast)].map((place) => ({ place, server: vastServer(place) })),
    ...catalog
      // A row without a price is not on offer.
      .filter(({ usd_hr_total }) => usd_hr_total !== null)
      .map(({ region, zone }) => ({ place: region, server: catalogServer(region, zone) })),
  ]
  const servers = found.flatMap(({ server }) => server ?? [])
  const leftOut = found.filter(({ server }) => server === undefined).map(({ place }) => place || '(none named)')
  return { servers: [...new Set(servers)].toSorted(), leftOut: [...new Set(leftOut)].toSorted() }
}

function vastServer(place: string): string | undefined {
  const country = place.split(',').at(-1)?.trim() ?? ''
  return vastPlaces[place] ?? (needState.has(country) ? undefined : vastPlaces[country])
}

/** Atlanta is a local zone of us-east-1. Other clouds' regions begin with a city: `tokyo-japan-5`. */
function catalogServer(region: string, zone: string | null): string | undefined {
  if (zone?.includes('-atl2-')) return 'Atlanta'
  return catalogPlaces[region] ?? catalogPlaces[region.split('-')[0] ?? '']
}
