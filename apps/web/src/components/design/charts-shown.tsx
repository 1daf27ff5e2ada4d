/** Charts with their tables, the map with its list, full and empty. */
import { DataTable } from '~/components/ui/data-table.tsx'
import { Section } from '~/components/ui/page-header.tsx'
import { TimeSeriesChart } from '~/components/ui/time-series-chart.tsx'
import { TwoViews } from '~/components/ui/two-views.tsx'
import { WorldMap, type MapPlace } from '~/components/ui/world-map.tsx'

const HOUR_MS = 3_600_000
const START_MS = Date.UTC(2026, 0, 31)
const hours = Array.from({ length: 48 }, (_, hour) => hour)
const wave = (hour: number, base: number) => base * (1 + 0.25 * Math.sin(hour / 4) + 0.08 * Math.sin(hour * 1.7))

const places: MapPlace[] = [
  { key: 'nl', longitude: 4.9, latitude: 52.4, label: 'eu-west, NL: 12 offers', count: 12, tone: 'good' },
  { key: 'us', longitude: -77.5, latitude: 39, label: 'us-east, US: 40 offers', count: 40, tone: 'good' },
  { key: 'sg', longitude: 103.8, latitude: 1.3, label: 'ap-sg, SG: 1 offer, offline', count: 1, tone: 'neutral' },
]

export function ChartsShown() {
  return (
    <>
      <Section title="Charts" description="Every chart has a table. A gap in the data is a gap in the line.">
        <div className="grid gap-6 lg:grid-cols-2 [&>*]:min-w-0">
          <TimeSeriesChart
            label="Time to first token"
            unit="ms"
            timesMs={hours.map((hour) => START_MS + hour * HOUR_MS)}
            series={[
              { label: 'p50', values: hours.map((hour) => (hour > 20 && hour < 25 ? null : wave(hour, 180))) },
              { label: 'p95', values: hours.map((hour) => (hour > 20 && hour < 25 ? null : wave(hour, 420))) },
              { label: 'promised', values: hours.map(() => 600), color: 2, dashed: true },
            ]}
          />
          <TimeSeriesChart
            label="Tokens per second"
            unit="tokens_per_second"
            timesMs={[]}
            series={[{ label: 'p50', values: [] }]}
            emptyHint="The first request that this node answers begins the line."
          />
        </div>
      </Section>
      <Section title="Map" description="Every map has a list.">
        <TwoViews
          label="Offers by place"
          words={['Map', 'List']}
          first={<WorldMap label="Offers by place" places={places} />}
          second={
            <DataTable
              label="Offers by place"
              rows={places}
              rowKey={(place) => place.key}
              columns={[
                { head: 'Place', cell: (place) => place.label },
                { head: 'Offers', numeric: true, cell: (place) => place.count },
              ]}
            />
          }
        />
      </Section>
    </>
  )
}
