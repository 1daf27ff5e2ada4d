/** From the samples of all rounds to one row for each rival, with its spread, and to what the targets say about them. */
import { rivalNames, type RivalName } from './rivals.ts'
import type { Sample } from './sample.ts'

type Figure = Exclude<keyof Sample, 'name'>
type Figures = Record<Figure, number>

/** Medians over the rounds; `spread` holds the least and the most of each figure. */
export type Row = { name: RivalName; rounds: number } & Figures & { spread: Record<Figure, [number, number]> }

export interface Verdict {
  readonly what: string
  readonly seen: number
  readonly target: number
  readonly holds: boolean
}

export function rowsOf(samples: readonly Sample[]): Row[] {
  return rivalNames.map((name) => {
    const mine = samples.filter((sample) => sample.name === name)
    const figures = Object.keys(mine[0] ?? {}).filter((key) => key !== 'name') as Figure[]
    const valuesOf = (figure: Figure) => mine.map((sample) => sample[figure])
    const each = <T>(of: (values: number[]) => T) =>
      Object.fromEntries(figures.map((figure) => [figure, of(valuesOf(figure))])) as Record<Figure, T>
    return {
      name,
      rounds: mine.length,
      ...each((values) => rounded(medianOf(values))),
      spread: each((values): [number, number] => [rounded(Math.min(...values)), rounded(Math.max(...values))]),
    }
  })
}

/** Issue targets. A latency holds by its absolute value, or on a noisy machine by twice what the bare proxy adds. */
export function verdictsOf(rows: readonly Row[]): Verdict[] {
  const row = (name: RivalName) => rows.find((each) => each.name === name) as Row
  const [bare, portkey, ours] = [row('bare'), row('portkey'), row('isochrone')]
  const atMost = (what: string, seen: number, target: number): Verdict => ({
    what,
    seen: rounded(seen),
    target: rounded(target),
    holds: seen <= target,
  })
  const latency = (what: string, figure: Figure, limitMs: number) =>
    atMost(`${what}, ms (${limitMs} or twice bare)`, ours[figure], Math.max(limitMs, 2 * bare[figure]))
  return [
    atMost('CPU a request ÷ bare', ours.cpuUsPerRequest / bare.cpuUsPerRequest, 2),
    atMost('CPU a stream ÷ bare', ours.cpuUsPerStream / bare.cpuUsPerStream, 2),
    atMost('CPU a request ÷ Portkey', ours.cpuUsPerRequest / portkey.cpuUsPerRequest, 1 / 8),
    atMost('CPU a stream ÷ Portkey', ours.cpuUsPerStream / portkey.cpuUsPerStream, 1 / 8),
    latency('added p50, whole answer', 'addedP50Ms', 0.6),
    latency('added p99, whole answer', 'addedP99Ms', 2),
    latency('added p50, first token', 'addedTtftP50Ms', 0.6),
    latency('added p99, first token', 'addedTtftP99Ms', 2),
    {
      what: 'streamed tokens/s ÷ bare, at least',
      seen: rounded(ours.tokensPerSecond / bare.tokensPerSecond),
      target: 0.7,
      holds: ours.tokensPerSecond >= 0.7 * bare.tokensPerSecond,
    },
  ]
}

export function medianOf(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b)
  const middle = sorted.length >> 1
  const [low = Number.NaN, high = Number.NaN] = [sorted[middle - 1], sorted[middle]]
  return sorted.length % 2 === 1 ? high : (low + high) / 2
}

/** Three significant digits are more than such a measurement is good for. */
const rounded = (value: number): number => Number(value.toPrecision(4))
