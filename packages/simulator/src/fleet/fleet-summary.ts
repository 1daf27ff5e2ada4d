/** What a fleet costs, by kind of list and GPU class, with the dates of the rows: for documents and for `--json`. */
import type { SimReplica } from '../sim-types.ts'

export interface FleetSummaryRow {
  list: string
  gpuClass: string
  replicas: number
  usdPerGpuHourMin: number
  usdPerGpuHourMedian: number
  usdPerGpuHourMax: number
  /** Median µUSD per 10⁶ tokens. */
  inPerMtok: number
  outPerMtok: number
  meanUpHours: number
  /** Oldest and newest row. */
  dated: string
}

export function fleetSummary(replicas: readonly SimReplica[]): FleetSummaryRow[] {
  const groups = Map.groupBy(replicas, ({ priceSource, gpuClass }) => `${priceSource.split(':')[0]} ${gpuClass}`)
  return [...groups]
    .toSorted(([a], [b]) => a.localeCompare(b))
    .map(([key, members]) => {
      const [list = '', gpuClass = ''] = key.split(' ')
      const hours = members.map(({ usdPerHour }) => usdPerHour / 8).toSorted((a, b) => a - b)
      const dates = members.map(({ priceSource }) => /\(([^)]*)\)$/.exec(priceSource)?.[1] ?? '').toSorted()
      return {
        list,
        gpuClass,
        replicas: members.length,
        usdPerGpuHourMin: hours[0] ?? 0,
        usdPerGpuHourMedian: median(hours),
        usdPerGpuHourMax: hours.at(-1) ?? 0,
        inPerMtok: median(members.map(({ prices }) => prices.inPerMtok)),
        outPerMtok: median(members.map(({ prices }) => prices.outPerMtok)),
        meanUpHours: members.reduce((sum, { meanUpMs }) => sum + meanUpMs, 0) / members.length / 3.6e6,
        dated: dates[0] === dates.at(-1) ? (dates[0] ?? '') : `${dates[0]} to ${dates.at(-1)}`,
      }
    })
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b)
  const middle = sorted.length >> 1
  return sorted.length % 2 ? (sorted[middle] as number) : ((sorted[middle - 1] ?? 0) + (sorted[middle] ?? 0)) / 2
}
