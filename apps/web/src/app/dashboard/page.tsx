/** A team's overview: what is left, what was spent, the last requests, and a first request to paste. */
import { Link } from '~/components/ui/link.tsx'
import { QuickStart } from '~/components/quick-start.tsx'
import { RequestsTable } from '~/components/requests-table.tsx'
import { LiveRefresh } from '~/components/shell/live-refresh.tsx'
import { ButtonLink } from '~/components/ui/button.tsx'
import { EmptyState } from '~/components/ui/empty-state.tsx'
import { Notice } from '~/components/ui/notice.tsx'
import { PageHeader, Section } from '~/components/ui/page-header.tsx'
import { Stats } from '~/components/ui/stat.tsx'
import { Money } from '~/components/ui/values.tsx'
import { formatCount, formatMs } from '~/lib/words/format.ts'
import { median } from '~/lib/market/median.ts'
import { gatewayUrl } from '~/server/context.ts'
import { requireOrganisation } from '~/server/require.ts'
import { pageData } from '~/server/page-data.ts'

export const metadata = { title: 'Overview' }

const RECENT = 8

export default async function DashboardPage() {
  const organisation = await requireOrganisation('/dashboard')
  const [balance, keys, recent, market] = await pageData('/dashboard', (api) =>
    Promise.all([
      api.balance.get(),
      api.keys.list(),
      api.requests.list({ limit: RECENT }),
      api.marketplace.offers({ liveOnly: true }),
    ]),
  )
  const available = balance.channel?.availableMicroUsd ?? 0n
  const activeKeys = keys.filter(({ enabled }) => enabled).length
  const ttftP50Ms = median(recent.items.flatMap(({ ttftMs }) => (ttftMs === null ? [] : [ttftMs])))
  return (
    <>
      <PageHeader
        title={organisation.name}
        description="What your team has, spends and sends."
        actions={<LiveRefresh intervalMs={5_000} />}
      />
      {available === 0n && (
        <Notice tone="warn" className="mb-4">
          Nothing is available to spend, so requests are refused with <code>insufficient_quota</code>.{' '}
          <Link href="/balance" className="font-medium underline">
            Add funds
          </Link>
        </Notice>
      )}
      <Stats
        items={[
          {
            label: 'Available',
            value: <Money microUsd={available} />,
            hint: (
              <Link href="/balance" className="link">
                Balance
              </Link>
            ),
          },
          { label: 'Spent in 24 h', value: <Money microUsd={balance.spentLastDayMicroUsd} />, hint: 'sum of receipts' },
          { label: 'TTFT p50', value: formatMs(ttftP50Ms), hint: `of the last ${recent.items.length} requests` },
          {
            label: 'Active keys',
            value: formatCount(activeKeys),
            hint: (
              <Link href="/keys" className="link">
                API keys
              </Link>
            ),
          },
          {
            label: 'Live nodes',
            value: formatCount(market.offers.length),
            hint: (
              <Link href="/" className="link">
                Marketplace
              </Link>
            ),
          },
        ]}
      />
      <Section
        title="Recent requests"
        actions={
          recent.items.length > 0 && (
            <Link href="/requests" className="link">
              All requests
            </Link>
          )
        }
      >
        {recent.items.length > 0 ? (
          <RequestsTable requests={recent.items} />
        ) : (
          <EmptyState
            title="No requests yet"
            action={
              activeKeys === 0 && (
                <ButtonLink href="/keys" tone="primary">
                  Create an API key
                </ButtonLink>
              )
            }
          >
            {activeKeys === 0
              ? 'Create an API key first; then paste the command below.'
              : 'Paste the command below into a terminal.'}
          </EmptyState>
        )}
      </Section>
      <Section
        title="Quick start"
        id="quick-start"
        description="The API speaks OpenAI’s protocol: any OpenAI client works with this base URL and one of your keys."
      >
        <QuickStart
          gatewayUrl={await gatewayUrl()}
          model={market.offers[0]?.models[0]?.model ?? 'isochrone-demo-tiny'}
        />
      </Section>
    </>
  )
}
