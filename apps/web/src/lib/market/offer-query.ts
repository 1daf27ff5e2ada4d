/**
 * The marketplace's URL: reading filters, sort and columns out of it. What a hand-written URL says wrong is left out and
 * said in a sentence; it is never an error page.
 */
import type { OfferQuery, OfferSortBy } from '@isochrone/services'
import { microUsdFromUsd } from '@isochrone/domain'

export const offerSorts = {
  price: '$/M out',
  price_in: '$/M in',
  effective: 'Effective $/M',
  gpu_hour: '$/GPU-hour',
  latency: 'TTFT p50',
  latency_p95: 'TTFT p95',
  throughput: 'Tokens/s',
  gpus: 'GPUs',
  memory: 'Memory',
  free: 'Free capacity',
  newest: 'Newest',
  rtt: 'RTT',
} as const satisfies Record<OfferSortBy, string>

export const offerColumns = {
  hardware: 'GPU × n, memory, trust',
  region: 'Region',
  models: 'Models',
  ttft: 'TTFT p50, p95',
  throughput: 'Tokens/s',
  rtt: 'RTT',
  tokens: '$/M in, out',
  effective: 'Effective $/M',
  hour: '$/GPU-hour, GPUs free',
  free: 'Free',
} as const
export type OfferColumn = keyof typeof offerColumns

export const trusts = ['claimed', 'challenged', 'attested'] as const
export const dataPolicies = ['any', 'no_training', 'no_retention'] as const
export const tiers = ['edge', 'regional', 'cloud'] as const

export interface ReadOfferQuery {
  query: OfferQuery
  columns: ReadonlySet<OfferColumn>
  /** Whether anything narrows the list. */
  filtered: boolean
  /** One sentence for each parameter that was left out. */
  ignored: string[]
}

type Search = Record<string, string | undefined>

export function readOfferQuery(search: Search): ReadOfferQuery {
  const ignored: string[] = []
  const choice = <T extends string>(name: string, allowed: readonly T[]): T | undefined => {
    const value = search[name]
    const found = allowed.find((one) => one === value)
    if (value !== undefined && found === undefined) ignored.push(`${name}: “${shown(value)}” is no choice here.`)
    return found
  }
  const whole = (name: string, max: number): number | undefined => {
    const value = search[name]
    if (value === undefined) return undefined
    const number = /^\d{1,7}$/.test(value) ? Number(value) : Number.NaN
    if (number >= 1 && number <= max) return number
    ignored.push(`${name}: “${shown(value)}” is not a whole number from 1 to ${max}.`)
    return undefined
  }
  const text = (name: string, max: number): string | undefined => {
    const value = search[name]
    if (value === undefined || value.length <= max) return value
    ignored.push(`${name}: has more than ${max} characters.`)
    return undefined
  }
  const matching = (name: string, pattern: RegExp, what: string): string | undefined => {
    const value = search[name]
    if (value === undefined || pattern.test(value)) return value
    ignored.push(`${name}: “${shown(value)}” is not ${what}.`)
    return undefined
  }
  const flag = (name: string) => search[name] === '1'

  const filters = {
    q: text('q', 200),
    model: text('model', 200),
    region: text('region', 40),
    residency: matching('residency', /^[A-Z]{2}$/, 'a country code of two capital letters, or EU'),
    gpuClass: text('gpu', 40),
    gpusMin: whole('gpus', 100_000),
    memoryGibMin: whole('memory', 1_000_000),
    trust: choice('trust', trusts),
    dataPolicy: choice('data', dataPolicies),
    tier: choice('tier', tiers),
    providerId: matching('provider', /^0x[0-9a-f]{64}$/, 'a provider’s id'),
    liveOnly: flag('live') || undefined,
    leasableOnly: flag('lease') || undefined,
    realOnly: flag('real') || undefined,
    outMicroUsdMax: price(search.max, ignored),
    ttftP95MsMax: whole('ttft', 3_600_000),
    rttMsMax: whole('rtt', 60_000),
  }
  let sort = choice('sort', Object.keys(offerSorts) as OfferSortBy[])
  const from = text('from', 80)
  if (from === undefined) {
    // What round trips would be measured from is not known.
    if (filters.rttMsMax !== undefined) ignored.push(`rtt: ${needsWitness}`)
    if (sort === 'rtt') ignored.push(`sort: ${needsWitness}`)
    filters.rttMsMax = undefined
    if (sort === 'rtt') sort = undefined
  }
  const query: OfferQuery = {
    ...filters,
    from,
    sort,
    reversed: flag('desc') || undefined,
    cursor: matching('cursor', /^[\w-]{1,400}$/, 'a page of this list'),
  }
  const filtered = Object.values(filters).some((value) => value !== undefined)
  return { query, columns: columnsOf(search, ignored), filtered, ignored }
}

function price(value: string | undefined, ignored: string[]): bigint | undefined {
  if (value === undefined) return undefined
  try {
    const microUsd = microUsdFromUsd(value)
    if (microUsd >= 0n && microUsd <= 1_000_000_000_000n) return microUsd
  } catch {
    // Said below, as for one that is out of range.
  }
  ignored.push(`max: “${shown(value)}” is not an amount in dollars.`)
  return undefined
}

const needsWitness = 'round trips are measured from a witness; choose one first.'

const allColumns = Object.keys(offerColumns) as OfferColumn[]

/** As many as fit at 1280 px: round trips are shown to who asks from where. */
export function usualColumns({ from }: Search): OfferColumn[] {
  return allColumns.filter((column) => column !== 'rtt' || from !== undefined)
}

/** `cols=region,ttft` shows those; without it the usual ones. */
function columnsOf(search: Search, ignored: string[]): ReadonlySet<OfferColumn> {
  if (search.cols === undefined) return new Set(usualColumns(search))
  const wanted = search.cols.split(',')
  const known = allColumns.filter((column) => wanted.includes(column))
  if (known.length < wanted.length) ignored.push('cols: names a column that there is not.')
  return new Set(known.length > 0 ? known : usualColumns(search))
}

const shown = (value: string) => (value.length > 40 ? `${value.slice(0, 40)}…` : value)
