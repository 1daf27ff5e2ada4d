/** Settlement in public: every lane's epochs, from closed to settled. */
import { epochColumns, epochKey } from '~/components/epoch/epoch-columns.tsx'
import { Pager } from '~/components/pager.tsx'
import { LiveRefresh } from '~/components/shell/live-refresh.tsx'
import { DataTable } from '~/components/ui/data-table.tsx'
import { EmptyState } from '~/components/ui/empty-state.tsx'
import { PageHeader } from '~/components/ui/page-header.tsx'
import { Hash, Money } from '~/components/ui/values.tsx'
import { addressOf } from '~/lib/words/format.ts'
import { readSearch, type SearchParams } from '~/lib/page/search.ts'
import { pageData } from '~/server/page-data.ts'

export const metadata = { title: 'Epochs' }

export default async function EpochsPage({ searchParams }: { searchParams: SearchParams }) {
  const search = await readSearch(searchParams)
  const page = await pageData('/epochs', (api) => api.epochs.list({ cursor: search.cursor }))
  return (
    <>
      <PageHeader
        title="Epochs"
        description="A gateway closes its receipts into a Merkle root. The root is anchored on the chain, vouchers are claimed from the payers’ channels, and providers are paid after the window."
        actions={search.cursor ? undefined : <LiveRefresh intervalMs={5_000} />}
      />
      <DataTable
        label="Epochs"
        className="sm:min-w-[820px]"
        stacks
        rows={page.items}
        rowKey={epochKey}
        columns={[
          ...epochColumns,
          { head: 'Sum', numeric: true, cell: (epoch) => <Money microUsd={epoch.sumMicroUsd} /> },
          { head: 'Lane', cell: (epoch) => <Hash value={addressOf(epoch.lane)} label="lane key" /> },
          { head: 'Merkle root', cell: (epoch) => <Hash value={epoch.root} label="Merkle root" /> },
        ]}
        empty={
          <EmptyState title="No epoch has closed yet">
            An epoch closes when its time is over and it holds at least one receipt. <code>npm run epochs:close</code>{' '}
            closes it early.
          </EmptyState>
        }
      />
      <Pager path="/epochs" search={search} nextCursor={page.nextCursor} />
    </>
  )
}
