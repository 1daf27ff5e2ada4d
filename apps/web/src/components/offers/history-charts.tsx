/** A node's last week by the hour, as its receipts tell it: hours without receipts are gaps. */
import type { HoursSpan, OfferHour, OfferPromises } from '@isochrone/services'
import { EmptyState } from '~/components/ui/empty-state.tsx'
import { TimeSeriesChart } from '~/components/ui/time-series-chart.tsx'
import { timesOfSpan } from '~/lib/page/times-of-span.ts'

export interface HistoryChartsProps {
  hours: readonly OfferHour[]
  span: HoursSpan
  promises: OfferPromises | null
}

export function HistoryCharts({ hours, span, promises }: HistoryChartsProps) {
  if (hours.length === 0) {
    return (
      <EmptyState title="Nothing measured in seven days">
        The first request that this node answers begins the lines of latency, speed and work.
      </EmptyState>
    )
  }
  const timesMs = timesOfSpan(span, 'hour')
  const at = new Map(hours.map((hour) => [hour.atMs, hour]))
  const valuesOf = (read: (hour: OfferHour) => number | null) =>
    timesMs.map((ms) => {
      const hour = at.get(ms)
      return hour ? read(hour) : null
    })
  const promisedMs = promises?.ttftBaseMs ?? 0
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
      />
      <TimeSeriesChart
        label="Tokens per second of a stream"
        unit="tokens_per_second"
        timesMs={timesMs}
        series={[{ label: 'p50', values: valuesOf((hour) => hour.tokensPerSecond) }]}
      />
      <TimeSeriesChart
        label="Attempts"
        unit="count"
        timesMs={timesMs}
        series={[
          { label: 'attempts', values: valuesOf((hour) => hour.attempts) },
          { label: 'provider at fault', values: valuesOf((hour) => hour.faults), color: 5 },
        ]}
      />
      <TimeSeriesChart
        label="Tokens delivered"
        unit="tokens"
        timesMs={timesMs}
        series={[{ label: 'output tokens', values: valuesOf((hour) => Number(hour.tokensOut)) }]}
      />
    </div>
  )
}
