/** Settlement in public: every lane's epochs, from closed to settled. */
import Link from 'next/link'
import { Pager } from '~/components/pager.tsx'
import { LiveRefresh } from '~/components/shell/live-refresh.tsx'
import { EpochStatusBadge } from '~/components/status.tsx'
import { EmptyState } from '~/components/ui/empty-state.tsx'
import { PageHeader } from '~/components/ui/page-header.tsx'
import { Table, Td, Th, Tr } from '~/components/ui/table.tsx'
import { Hash, Money, Utc } from '~/components/ui/values.tsx'
import { addressOf, formatCount } from '~/lib/format.ts'
import { readSearch, type SearchParams } from '~/lib/search.ts'
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
      {page.items.length === 0 ? (
        <EmptyState title="No epoch has closed yet">
          An epoch closes when its time is over and it holds at least one receipt. <code>npm run epochs:close</code>{' '}
          closes it early.
        </EmptyState>
      ) : (
        <Table label="Epochs" className="min-w-[820px]">
          <thead>
            <tr>
              <Th>Closed, UTC</Th>
              <Th>Epoch</Th>
              <Th>Status</Th>
              <Th numeric>Receipts</Th>
              <Th numeric>Sum</Th>
              <Th>Lane</Th>
              <Th>Merkle root</Th>
            </tr>
          </thead>
          <tbody>
            {page.items.map((epoch) => (
              <Tr key={`${epoch.lane}-${epoch.epoch}`}>
                <Td>
                  <Utc at={epoch.closedAtMs} bare />
                </Td>
                <Td>
                  <Link className="link figures" href={`/epochs/${epoch.lane}/${epoch.epoch}`}>
                    {epoch.epoch}
                  </Link>
                </Td>
                <Td>
                  <EpochStatusBadge status={epoch.status} />
                </Td>
                <Td numeric>{formatCount(epoch.receipts)}</Td>
                <Td numeric>
                  <Money microUsd={epoch.sumMicroUsd} />
                </Td>
                <Td>
                  <Hash value={addressOf(epoch.lane)} label="lane key" />
                </Td>
                <Td>
                  <Hash value={epoch.root} label="Merkle root" />
                </Td>
              </Tr>
            ))}
          </tbody>
        </Table>
      )}
      <Pager path="/epochs" search={search} nextCursor={page.nextCursor} />
    </>
  )
}
