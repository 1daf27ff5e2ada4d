/** What a team used and paid, over time and by model: sums of its requests, a minute old at most. */
import type { UsagePoint } from '@isochrone/services'
import { EmptyState } from '~/components/ui/empty-state.tsx'
import { ButtonLink } from '~/components/ui/button.tsx'
import { DataTable } from '~/components/ui/data-table.tsx'
import { PageHeader, Section } from '~/components/ui/page-header.tsx'
import { Stats } from '~/components/ui/stat.tsx'
import { TimeSeriesChart } from '~/components/ui/time-series-chart.tsx'
import { Money } from '~/components/ui/values.tsx'
import { formatCount, formatMs, formatShare, formatTokens } from '~/lib/words/format.ts'
import { hrefWith, oneOf, readSearch, type SearchParams } from '~/lib/page/search.ts'
import { timesOfSpan } from '~/lib/page/times-of-span.ts'
import { pageData } from '~/server/page-data.ts'

export const metadata = { title: 'Usage' }

const ranges = ['1', '7', '30'] as const
const rangeWords = { '1': '24 hours', '7': '7 days', '30': '30 days' } as const
const MODELS_DRAWN = 5

export default async function UsagePage({ searchParams }: { searchParams: SearchParams }) {
  const search = await readSearch(searchParams)
  const range = oneOf(ranges, search.days) ?? '7'
  const { points, by, span } = await pageData('/usage', (api) => api.requests.usage({ days: Number(range) }))
  const models = modelSums(points)
  const timesMs = timesOfSpan(span, by)
  const drawn = models.slice(0, MODELS_DRAWN)
  const seriesOf = (read: (point: UsagePoint) => number) => {
    const at = new Map(points.map((point) => [`${point.atMs} ${point.model}`, read(point)]))
    return drawn.map(({ model }) => ({ label: model, values: timesMs.map((ms) => at.get(`${ms} ${model}`) ?? 0) }))
  }
  const requests = sum(points, (point) => point.requests)
  return (
    <>
      <PageHeader
        title="Usage"
        description="Requests, tokens and charges of this organisation, as its receipts say."
        actions={
          <nav aria-label="Range" className="flex gap-1">
            {ranges.map((each) => (
              <ButtonLink
                key={each}
                size="sm"
                tone={each === range ? 'primary' : 'plain'}
                aria-current={each === range ? 'page' : undefined}
                href={hrefWith('/usage', search, { days: each })}
              >
                {rangeWords[each]}
              </ButtonLink>
            ))}
          </nav>
        }
      />
      {points.length === 0 ? (
        <EmptyState
          title={`No requests in ${rangeWords[range]}`}
          action={<ButtonLink href="/dashboard#quick-start">Send a request</ButtonLink>}
        >
          Usage appears here within a minute of a request&apos;s answer.
        </EmptyState>
      ) : (
        <>
          <Stats
            items={[
              {
                label: 'Charged',
                value: <Money microUsd={points.reduce((all, one) => all + one.priceMicroUsd, 0n)} />,
              },
              { label: 'Requests', value: formatCount(requests) },
              { label: 'Answered', value: formatShare(1 - sum(points, (point) => point.failed) / requests) },
              {
                label: 'Tokens in',
                value: formatTokens(points.reduce((all, one) => all + one.tokensIn + one.tokensCached, 0n)),
              },
              { label: 'Tokens out', value: formatTokens(points.reduce((all, one) => all + one.tokensOut, 0n)) },
            ]}
          />
          <Section
            title="Over time"
            description={
              drawn.length < models.length
                ? `By the ${by}, UTC; the ${drawn.length} models with most requests.`
                : `By the ${by}, UTC.`
            }
          >
            <div className="grid gap-6 lg:grid-cols-2 [&>*]:min-w-0">
              <TimeSeriesChart
                label="Requests"
                unit="count"
                timesMs={timesMs}
                series={seriesOf((point) => point.requests)}
              />
              <TimeSeriesChart
                label="Charged"
                unit="usd"
                timesMs={timesMs}
                series={seriesOf((point) => Number(point.priceMicroUsd) / 1e6)}
              />
            </div>
          </Section>
          <Section title="By model">
            <DataTable
              label="Usage by model"
              stacks
              rows={models}
              rowKey={({ model }) => model}
              columns={[
                { head: 'Model', className: 'font-medium', cell: ({ model }) => model },
                { head: 'Requests', numeric: true, cell: (row) => formatCount(row.requests) },
                { head: 'Failed', numeric: true, cell: (row) => formatCount(row.failed) },
                { head: 'Tokens in', numeric: true, cell: (row) => formatCount(row.tokensIn + row.tokensCached) },
                { head: 'Tokens out', numeric: true, cell: (row) => formatCount(row.tokensOut) },
                { head: 'Mean TTFT', numeric: true, cell: (row) => formatMs(row.ttftMeanMs) },
                {
                  head: 'Charged',
                  numeric: true,
                  cell: (row) => <Money microUsd={row.priceMicroUsd} decimalsMin={6} />,
                },
              ]}
            />
          </Section>
        </>
      )}
    </>
  )
}

function sum(points: readonly UsagePoint[], read: (point: UsagePoint) => number): number {
  return points.reduce((all, point) => all + read(point), 0)
}

/** The points of each model added up, most requests first. */
function modelSums(points: readonly UsagePoint[]): Omit<UsagePoint, 'atMs'>[] {
  const sums = [...Map.groupBy(points, ({ model }) => model)].map(([model, of]) => {
    const timed = of.filter((point) => point.ttftMeanMs !== null)
    const timedRequests = sum(timed, (point) => point.requests)
    return {
      model,
      requests: sum(of, (point) => point.requests),
      failed: sum(of, (point) => point.failed),
      tokensIn: of.reduce((all, point) => all + point.tokensIn, 0n),
      tokensCached: of.reduce((all, point) => all + point.tokensCached, 0n),
      tokensOut: of.reduce((all, point) => all + point.tokensOut, 0n),
      priceMicroUsd: of.reduce((all, point) => all + point.priceMicroUsd, 0n),
      ttftMeanMs:
        timedRequests === 0 ? null : sum(timed, (point) => (point.ttftMeanMs ?? 0) * point.requests) / timedRequests,
    }
  })
  return sums.toSorted((a, b) => b.requests - a.requests)
}
