/** The desk: disputes of everybody, what is due first on top. */
import { formatUsd } from '@isochrone/domain'
import { DisputesTable } from '~/components/disputes/disputes-table.tsx'
import { LiveRefresh } from '~/components/shell/live-refresh.tsx'
import { EmptyState } from '~/components/ui/empty-state.tsx'
import { PageHeader } from '~/components/ui/page-header.tsx'
import { PillLinks } from '~/components/disputes/pill-links.tsx'
import { Stats } from '~/components/ui/stat.tsx'
import { formatAgo, formatCount } from '~/lib/format.ts'
import { readSearch, type SearchParams } from '~/lib/search.ts'
import { pageData } from '~/server/page-data.ts'

export const metadata = { title: 'Dispute desk' }

export default async function DisputeDeskPage({ searchParams }: { searchParams: SearchParams }) {
  const all = (await readSearch(searchParams)).show === 'all'
  const items = await pageData('/admin/disputes', (api) => api.admin.disputes(all ? {} : { open: true }))
  const open = items.filter(({ state }) => !['executed', 'dismissed', 'lapsed'].includes(state))
  const nowMs = Date.now()
  const next = open[0]
  return (
    <>
      <PageHeader
        trail={[{ href: '/admin', label: 'Operations' }]}
        title="Dispute desk"
        description="Arbiters rule by their own wallets, two of three; what they rule executes on the chain."
        actions={<LiveRefresh intervalMs={3_000} />}
      />
      <Stats
        items={[
          { label: 'Open', value: formatCount(open.length) },
          {
            label: 'Waiting for a ruling',
            value: formatCount(open.filter(({ state }) => state === 'drawn' || state === 'appeal_drawn').length),
          },
          {
            label: 'At stake',
            value: formatUsd(open.reduce((sum, { stakeMicroUsd }) => sum + stakeMicroUsd, 0n)),
            hint: 'amounts and bonds',
          },
          { label: 'Next deadline', value: next ? formatAgo(next.deadlineMs, nowMs) : 'none' },
        ]}
      />
      <PillLinks
        label="Which disputes"
        items={[
          { href: '/admin/disputes', label: 'Open', current: !all },
          { href: '/admin/disputes?show=all', label: 'All', current: all },
        ]}
      />
      <DisputesTable
        label="Disputes"
        path="/admin/disputes"
        items={items}
        nowMs={nowMs}
        empty={
          <EmptyState title={all ? 'Nobody has disputed anything yet' : 'No dispute is open'}>
            A payer files one at a receipt, once its epoch is anchored. It appears here when the chain has it.
          </EmptyState>
        }
      />
    </>
  )
}
