/**
 * Reads the price lists for the GPU classes whose engines were measured: one row for each thing that can be rented.
 *
 * The newest row of each thing counts: of each Vast machine (any number of its GPUs), of each neocloud provider × class
 * × region (its own list before quotes by a third party, because the list is newer), of each AWS zone. Slices (MIG),
 * NVL boards and Grace superchips are other hardware than the curves were measured on, and are left out.
 */
import { decimal, optional, text, utcTime, wholeNumber } from './fields.ts'
import { fileLabel } from './data-file.ts'
import { readTable } from './read-table.ts'

export type GpuClass = 'H200' | 'B200' | 'B300'
export type PriceList = 'vast' | 'neocloud' | 'aws'

export interface PriceRow {
  list: PriceList
  /** `vast-host-248`, `verda`, `aws`. */
  provider: string
  gpuClass: GpuClass
  usdPerGpuHour: number
  /** The place as the list names it; empty when it does not. */
  place: string
  /** What shares the fate of this thing: a host, a region, a zone. */
  failureDomain: string
  /** Vast's machine number; null elsewhere. */
  machine: number | null
  /** File and line. */
  source: string
  /** Day of the row, `2026-08-22`; `undated` for the catalogue, whose commits are known (docs/DATA.md) and their days not. */
  dated: string
}

const usdHour = decimal(0.01, 10_000)
const gpus = wholeNumber(1, 64)
const day = (ms: number) => new Date(ms).toISOString().slice(0, 10)

/** Vast's asks: `vast_offers_3snapshots.csv.gz`. */
export function readVastPrices(file: string): PriceRow[] {
  const rows = readTable(file, {
    timestamp_utc: utcTime,
    machine: wholeNumber(0, 1e9),
    host: wholeNumber(0, 1e9),
    gpu_name: text,
    num_gpus: gpus,
    dph_total: usdHour,
    geolocation: optional(text),
  })
  // The newest snapshot, and in it the offer with most GPUs: nearest to the whole machine.
  const sorted = rows.toSorted((a, b) => b.timestamp_utc - a.timestamp_utc || b.num_gpus - a.num_gpus)
  return firstOfEach(sorted, ({ machine }) => String(machine)).flatMap((row) => {
    const gpuClass = classOf(row.gpu_name)
    if (!gpuClass) return []
    return {
      list: 'vast' as const,
      provider: `vast-host-${row.host}`,
      gpuClass,
      usdPerGpuHour: row.dph_total / row.num_gpus,
      place: row.geolocation ?? '',
      failureDomain: `vast-host-${row.host}`,
      machine: row.machine,
      source: `${fileLabel(file)} line ${row.line}`,
      dated: day(row.timestamp_utc),
    }
  })
}

/** Neocloud list prices, on demand: `neocloud_list_prices.csv.gz`. */
export function readNeocloudList(file: string): PriceRow[] {
  const rows = readTable(file, {
    timestamp_utc: utcTime,
    provider: text,
    region: optional(text),
    gpu: text,
    gpus,
    usd_hr_total: usdHour,
  })
  const sorted = rows.toSorted((a, b) => b.timestamp_utc - a.timestamp_utc || b.gpus - a.gpus)
  return firstOfEach(sorted, ({ provider, gpu, region }) => `${provider}/${gpu}/${region}`).flatMap((row) =>
    neocloudRow(
      file,
      row.line,
      row.provider,
      row.gpu,
      row.region ?? '',
      row.usd_hr_total / row.gpus,
      row.timestamp_utc,
    ),
  )
}

/** Quotes by provider, gathered by a third party: `neocloud_quotes_by_provider.csv.gz`. The average of a provider's quotes. */
export function readNeocloudQuotes(file: string): PriceRow[] {
  const rows = readTable(file, { timestamp_utc: utcTime, gpu: text, provider: text, avg_usd_gpu_hr: usdHour })
  const sorted = rows.toSorted((a, b) => b.timestamp_utc - a.timestamp_utc)
  return firstOfEach(sorted, ({ provider, gpu }) => `${provider}/${gpu}`).flatMap((row) =>
    neocloudRow(file, row.line, row.provider, row.gpu, '', row.avg_usd_gpu_hr, row.timestamp_utc),
  )
}

/** Catalogue rows with a region: AWS on-demand as list `aws`, every other cloud as `neocloud`. `catalog_regions.csv`. */
export function readCatalogPrices(file: string): PriceRow[] {
  const rows = readTable(file, {
    cloud: text,
    gpu: text,
    gpus,
    usd_hr_total: optional(usdHour),
    region: text,
    zone: optional(text),
  })
  const priced = rows.filter((row) => row.usd_hr_total !== null).toSorted((a, b) => b.gpus - a.gpus)
  return firstOfEach(priced, ({ cloud, gpu, region, zone }) => `${cloud}/${gpu}/${region}/${zone}`).flatMap((row) => {
    const usdPerGpuHour = (row.usd_hr_total ?? 0) / row.gpus
    if (row.cloud !== 'aws') return neocloudRow(file, row.line, row.cloud, row.gpu, row.region, usdPerGpuHour, null)
    const gpuClass = classOf(row.gpu)
    if (!gpuClass) return []
    return {
      list: 'aws' as const,
      provider: 'aws',
      gpuClass,
      usdPerGpuHour,
      place: row.zone?.includes('-atl2-') ? `${row.region}-atl2` : row.region,
      failureDomain: `aws-${row.zone ?? row.region}`,
      machine: null,
      source: `${fileLabel(file)} line ${row.line}`,
      dated: 'undated',
    }
  })
}

/** One price for each provider × class × region: rows of earlier lists win over those of later ones. */
export function mergeNeoclouds(...lists: readonly PriceRow[][]): PriceRow[] {
  const merged: PriceRow[] = []
  for (const list of lists) {
    const before = merged.slice()
    const known = (row: PriceRow) =>
      before.some(({ provider, gpuClass, place }) => {
        const sameSeller = house(provider) === house(row.provider) && gpuClass === row.gpuClass
        return sameSeller && (place === row.place || row.place === '')
      })
    merged.push(...list.filter((row) => !known(row)))
  }
  return merged
}

/** Verda was called DataCrunch; RunPod lists its two clouds apart. */
const house = (provider: string) =>
  provider.startsWith('runpod') ? 'runpod' : /verda|datacrunch/.test(provider) ? 'verda' : provider

function neocloudRow(
  file: string,
  line: number,
  provider: string,
  gpu: string,
  region: string,
  usdPerGpuHour: number,
  timeMs: number | null,
): PriceRow[] {
  const gpuClass = classOf(gpu)
  if (!gpuClass) return []
  const name = provider.includes('verda') ? 'verda' : (provider.split(' ')[0] ?? provider)
  return [
    {
      list: 'neocloud',
      provider: name,
      gpuClass,
      usdPerGpuHour,
      place: region,
      failureDomain: region ? `${name}-${region}` : name,
      machine: null,
      source: `${fileLabel(file)} line ${line}`,
      dated: timeMs === null ? 'undated' : day(timeMs),
    },
  ]
}

/** The curve's class of a list's name for a GPU, or nothing. */
function classOf(name: string): GpuClass | undefined {
  if (/\b(MIG|NVL)\b/.test(name)) return undefined
  const match = /^(H200|B200|B300)(_|\s|$)/.exec(name)
  return match?.[1] as GpuClass | undefined
}

function firstOfEach<T>(rows: readonly T[], key: (row: T) => string): T[] {
  const seen = new Map<string, T>()
  for (const row of rows) if (!seen.has(key(row))) seen.set(key(row), row)
  return [...seen.values()]
}
