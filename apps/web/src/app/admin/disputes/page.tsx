/** The desk: disputes and challenged records of everybody, what is due first on top. */
import { formatUsd } from '@isochrone/domain'
import { DeskTable } from '~/components/disputes/desk-table.tsx'
import { PillLinks } from '~/components/disputes/pill-links.tsx'
import { Pager } from '~/components/pager.tsx'
import { LiveRefresh } from '~/components/shell/live-refresh.tsx'
import { EmptyState } from '~/components/ui/empty-state.tsx'
import { PageHeader } from '~/components/ui/page-header.tsx'
import { Stats } from '~/components/ui/stat.tsx'
import { formatAgo, formatCount } from '~/lib/words/format.ts'
import { readSearch, type SearchParams } from '~/lib/page/search.ts'
import { pageData } from '~/server/page-data.ts'

export const metadata = { title: 'Dispute desk' }

export default async function DisputeDeskPage({ searchParams }: { searchParams: SearchParams }) {
  const search = await readSearch(searchParams)
  const { show, cursor } = search
  const all = show === 'all'
  const { items, nextCursor, figures } = await pageData('/admin/disputes', (api) =>
    api.admin.disputes({ open: !all, cursor }),
  )
  const nowMs = Date.now()
  return (
    <>
      <PageHeader
        trail={[{ href: '/admin', label: 'Operations' }]}
        title="Dispute desk"
        description="Disputes, and records that somebody says are wrong. Arbiters rule by their own wallets, two of three; what they rule executes on the chain."
        actions={<LiveRefresh intervalMs={3_000} />}
      />
      <Stats
        items={[
          { label: 'Open', value: formatCount(figures.open) },
          { label: 'Waiting for a ruling', value: formatCount(figures.ruling) },
          { label: 'At stake', value: formatUsd(figures.stakeMicroUsd), hint: 'amounts, pay and bonds' },
          {
            label: 'Next deadline',
            value: figures.nextDeadlineMs === null ? 'none' : formatAgo(figures.nextDeadlineMs, nowMs),
          },
        ]}
      />
      <PillLinks
        label="Which cases"
        items={[
          { href: '/admin/disputes', label: 'Open', current: !all },
          { href: '/admin/disputes?show=all', label: 'All', current: all },
        ]}
      />
      <DeskTable
        items={items}
        nowMs={nowMs}
        empty={
          <EmptyState title={cursor ? 'Nothing more' : all ? 'Nobody has disputed anything yet' : 'No case is open'}>
            {cursor
              ? 'What stood here is decided or gone meanwhile. Go back to the first page.'
              : 'A payer files a dispute at a receipt, or a party challenges a record, once its epoch is anchored. It appears here when the chain has it.'}
          </EmptyState>
        }
      />
      <Pager
        path="/admin/disputes"
        search={search}
        nextCursor={nextCursor}
        words={all ? { first: 'Latest', next: 'Earlier' } : { first: 'First due', next: 'Due later' }}
      />
    </>
  )
}
