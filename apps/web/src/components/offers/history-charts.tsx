/** A node's last week by the hour, as its receipts tell it: hours without receipts are gaps. */
import type { OfferHour, OfferPromises } from '@isochrone/services'
import { TimeSeriesChart } from '~/components/ui/time-series-chart.tsx'

const HOUR_MS = 3_600_000

export function HistoryCharts({ hours, promises }: { hours: readonly OfferHour[]; promises: OfferPromises | null }) {
  const timesMs = hoursBetween(hours)
  const at = new Map(hours.map((hour) => [hour.atMs, hour]))
  const valuesOf = (read: (hour: OfferHour) => number | null) =>
    timesMs.map((ms) => {
      const hour = at.get(ms)
      return hour ? read(hour) : null
    })
  const promisedMs = promises?.ttftBaseMs ?? 0
  const hint = 'The first request that this node answers begins the line.'
  return (
    <div className="grid gap-6 lg:grid-cols-2 [&>*]:min-w-0">
      <TimeSeriesChart
        label="Time to first token"
        unit="ms"
        timesMs={timesMs}
        series={[
          { label: 'p50', values: valuesOf((hour) => hour.ttftP50Ms) },
          { label: 'p95', values: valuesOf((hour) => hour.ttftP95Ms) },
          ...(promisedMs > 0
            ? [
                {
                  label: 'promised at 0 tokens in',
                  values: timesMs.map(() => promisedMs),
                  color: 2 as const,
                  dashed: true,
                },
              ]
            : []),
        ]}
        emptyHint={hint}
      />
      <TimeSeriesChart
        label="Tokens per second of a stream"
        unit="tokens_per_second"
        timesMs={timesMs}
        series={[{ label: 'p50', values: valuesOf((hour) => hour.tokensPerSecond) }]}
        emptyHint={hint}
      />
      <TimeSeriesChart
        label="Attempts"
        unit="count"
        timesMs={timesMs}
        series={[
          { label: 'attempts', values: valuesOf((hour) => hour.attempts) },
          { label: 'provider at fault', values: valuesOf((hour) => hour.faults), color: 5 },
        ]}
        emptyHint={hint}
      />
      <TimeSeriesChart
        label="Tokens delivered"
        unit="tokens"
        timesMs={timesMs}
        series={[{ label: 'output tokens', values: valuesOf((hour) => Number(hour.tokensOut)) }]}
        emptyHint={hint}
      />
    </div>
  )
}

/** Every hour from the first with receipts to the last; with an hour on either side where there is only one. */
function hoursBetween(hours: readonly OfferHour[]): number[] {
  const [first, last] = [hours[0]?.atMs, hours.at(-1)?.atMs]
  if (first === undefined || last === undefined) return []
  const from = first === last ? first - HOUR_MS : first
  return Array.from({ length: (last - from) / HOUR_MS + 1 }, (_, index) => from + index * HOUR_MS)
}
