/** One provider, for anybody: what it offers, what its nodes did, what it was paid. */
import { MarketTable } from '~/components/offers/market-table.tsx'
import { RecordsTable } from '~/components/offers/offer-evidence.tsx'
import { Pager } from '~/components/pager.tsx'
import { EmptyState } from '~/components/ui/empty-state.tsx'
import { Facts } from '~/components/ui/facts.tsx'
import { PageHeader, Section } from '~/components/ui/page-header.tsx'
import { Stats } from '~/components/ui/stat.tsx'
import { TimeSeriesChart } from '~/components/ui/time-series-chart.tsx'
import { Hash, Money, Utc } from '~/components/ui/values.tsx'
import { formatCount, formatShare, formatTokens } from '~/lib/words/format.ts'
import type { OfferColumn } from '~/lib/market/offer-query.ts'
import { readSearch, type SearchParams } from '~/lib/page/search.ts'
import { timesOfSpan } from '~/lib/page/times-of-span.ts'
import { pageData } from '~/server/page-data.ts'

export const metadata = { title: 'Provider' }

const columns: ReadonlySet<OfferColumn> = new Set([
  'hardware',
  'region',
  'models',
  'ttft',
  'throughput',
  'tokens',
  'effective',
  'hour',
  'free',
])

interface ProviderPageProps {
  params: Promise<{ id: string }>
  searchParams: SearchParams
}

export default async function ProviderPage({ params, searchParams }: ProviderPageProps) {
  const { id } = await params
  const { cursor } = await readSearch(searchParams)
  const path = `/providers/${id}`
  const [provider, offers] = await pageData(path, (api) =>
    Promise.all([api.marketplace.provider({ id }), api.marketplace.search({ providerId: id, cursor })]),
  )
  const { hours, attempts, faults } = provider
  const timesMs = hours.length === 0 ? [] : timesOfSpan(provider.span, 'hour')
  const hourAt = new Map(hours.map((hour) => [hour.atMs, hour]))
  return (
    <>
      <PageHeader
        trail={[{ href: '/', label: 'Marketplace' }]}
        title={provider.name}
        description="What this provider has on offer, and what receipts and the chain say of it."
      />
      <Stats
        items={[
          { label: 'Nodes', value: formatCount(provider.offers), hint: `${formatCount(provider.live)} live` },
          { label: 'Attempts, 7 days', value: formatCount(attempts), hint: `${formatCount(faults)} at its fault` },
          { label: 'Without its fault', value: formatShare(attempts === 0 ? null : 1 - faults / attempts) },
          { label: 'Output tokens, 7 days', value: formatTokens(provider.tokensOut) },
          { label: 'Billed, 7 days', value: <Money microUsd={provider.earnedMicroUsd} /> },
          { label: 'Paid out, all time', value: <Money microUsd={provider.paidNetMicroUsd} />, hint: 'net of the fee' },
        ]}
      />
      <Section title="Offers">
        <MarketTable
          offers={offers.items}
          columns={columns}
          sortLink={() => undefined}
          from={undefined}
          nowMs={Date.now()}
          empty={<EmptyState title="Nothing on offer">None of its nodes is admitted now.</EmptyState>}
        />
        <Pager
          path={path}
          search={{ cursor }}
          nextCursor={offers.nextCursor}
          words={{ first: 'First', next: 'Next' }}
        />
      </Section>
      <Section
        title="Measured history"
        description="The last seven days by the hour, of all its nodes together, from receipts."
      >
        <TimeSeriesChart
          label="Attempts"
          unit="count"
          timesMs={timesMs}
          series={[
            { label: 'attempts', values: timesMs.map((ms) => hourAt.get(ms)?.attempts ?? 0) },
            { label: 'provider at fault', values: timesMs.map((ms) => hourAt.get(ms)?.faults ?? 0), color: 5 },
          ]}
          emptyHint="The first request that one of its nodes answers begins the line."
        />
      </Section>
      <Section title="Performance records" description="Its newest epochs: on the chain, open to challenge by anyone.">
        <RecordsTable
          records={provider.records}
          names={new Map(offers.items.map(({ nodeId, name }) => [nodeId, name]))}
        />
      </Section>
      <Section title="On the chain">
        <Facts
          items={[
            ['Provider id', <Hash key="i" value={provider.providerId} label="provider id" />],
            provider.registeredTx !== null && [
              'Registered by',
              <Hash key="t" value={provider.registeredTx} label="transaction" />,
            ],
            ['Since', <Utc key="s" at={provider.createdAtMs} />],
          ]}
        />
      </Section>
    </>
  )
}
