/**
 * Interruptible prices of both sides, and Vast's asks for whole 8-GPU machines: what the plain comparison would hide.
 *
 * Spot: AWS per zone as the catalogue has it (rows where it equals on-demand are no discount and are left out), Verda's
 * newest spot list, and Vast's `min_bid` in its newest snapshot.
 */
import { decimal, optional, text, utcTime, wholeNumber } from '../data/fields.ts'
import { readTable } from '../data/read-table.ts'
import type { GpuClass } from '../fleet/engine-time.ts'

export interface SpotPrice {
  side: 'ours' | 'hyperscaler'
  gpuClass: GpuClass
  usdPerGpuHour: number
  /** `vast`, `verda`, or the zone. */
  place: string
  dated: string
}

export interface SpotPrices {
  spot: SpotPrice[]
  /** Vast's asks for 8 GPUs at once, USD per GPU-hour, newest snapshot. */
  wholeMachines: { gpuClass: GpuClass; usdPerGpuHour: number; dated: string }[]
}

/** A bid may be a tenth of a cent. */
const usdHour = decimal(0.0001, 10_000)
const gpus = wholeNumber(1, 64)
const day = (ms: number) => new Date(ms).toISOString().slice(0, 10)
const classOf = (name: string) => /^(H200|B200|B300)$/.exec(name.replace(/ SXM\d.*$/, ''))?.[1] as GpuClass | undefined

/** @throws AppError invalid_input naming file, line and field */
export function readSpotPrices(files: { vast: string; neocloud: string; catalog: string }): SpotPrices {
  const asks = newest(
    readTable(files.vast, {
      timestamp_utc: utcTime,
      gpu_name: text,
      num_gpus: gpus,
      dph_total: usdHour,
      min_bid: optional(usdHour),
    }),
  )
  const verda = newest(
    readTable(files.neocloud, {
      timestamp_utc: utcTime,
      provider: text,
      gpu: text,
      gpus,
      spot_usd_hr_total: optional(usdHour),
    }).filter(({ provider }) => provider.startsWith('verda')),
  )
  const catalog = readTable(files.catalog, {
    cloud: text,
    gpu: text,
    gpus,
    usd_hr_total: optional(usdHour),
    spot_usd_hr_total: optional(usdHour),
    region: text,
    zone: optional(text),
  })
  const spot = [
    ...asks.map((row) => ({ ...row, gpu: row.gpu_name, count: row.num_gpus, usd: row.min_bid, place: 'vast' })),
    ...verda.map((row) => ({ ...row, count: row.gpus, usd: row.spot_usd_hr_total, place: 'verda' })),
  ].flatMap(({ gpu, count, usd, place, timestamp_utc }): SpotPrice[] => {
    const gpuClass = classOf(gpu)
    if (!gpuClass || usd === null) return []
    return [{ side: 'ours', gpuClass, usdPerGpuHour: usd / count, place, dated: day(timestamp_utc) }]
  })
  const aws = catalog.flatMap((row): SpotPrice[] => {
    const gpuClass = classOf(row.gpu)
    const usd = row.spot_usd_hr_total
    if (row.cloud !== 'aws' || !gpuClass || usd === null || usd === row.usd_hr_total) return []
    const place = `${row.region} ${row.zone ?? ''}`.trim()
    return [{ side: 'hyperscaler', gpuClass, usdPerGpuHour: usd / row.gpus, place, dated: 'undated' }]
  })
  const wholeMachines = asks.flatMap(({ gpu_name, num_gpus, dph_total, timestamp_utc }) => {
    const gpuClass = classOf(gpu_name)
    return gpuClass && num_gpus === 8
      ? [{ gpuClass, usdPerGpuHour: dph_total / num_gpus, dated: day(timestamp_utc) }]
      : []
  })
  return { spot: [...spot, ...aws], wholeMachines }
}

function newest<T extends { timestamp_utc: number }>(rows: readonly T[]): T[] {
  const last = rows.reduce((max, { timestamp_utc }) => Math.max(max, timestamp_utc), 0)
  return rows.filter(({ timestamp_utc }) => timestamp_utc === last)
}
