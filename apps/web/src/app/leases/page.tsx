/** GPUs that the team has rented, now and before. */
import { Suspense } from 'react'
import { LeasesTable, LeasesTableSkeleton } from '~/components/leases/leases-table.tsx'
import { Pager } from '~/components/pager.tsx'
import { LiveRefresh } from '~/components/shell/live-refresh.tsx'
import { ButtonLink } from '~/components/ui/button.tsx'
import { EmptyState } from '~/components/ui/empty-state.tsx'
import { PageHeader } from '~/components/ui/page-header.tsx'
import { readSearch, type SearchParams } from '~/lib/page/search.ts'
import { pageData } from '~/server/page-data.ts'

export const metadata = { title: 'Leases' }

export default async function LeasesPage({ searchParams }: { searchParams: SearchParams }) {
  const search = await readSearch(searchParams)
  return (
    <>
      <PageHeader
        title="Leases"
        description="GPUs of one node for a time, with an endpoint of your own. Both sides sign for the time that you pay, and a lease moves when its node dies."
        actions={
          <>
            <ButtonLink href="/leases/new" tone="primary">
              Rent GPUs
            </ButtonLink>
            <LiveRefresh intervalMs={3_000} />
          </>
        }
      />
      <Suspense fallback={<LeasesTableSkeleton />}>
        <Leases search={search} />
      </Suspense>
    </>
  )
}

async function Leases({ search }: { search: Record<string, string | undefined> }) {
  const page = await pageData('/leases', (api) => api.leases.list({ cursor: search.cursor }))
  if (page.items.length === 0 && !search.cursor) {
    return (
      <EmptyState title="No leases" action={<ButtonLink href="/leases/new">Rent GPUs</ButtonLink>}>
        Requests pay by the token wherever they are placed. A lease pays by the hour for GPUs that serve you alone.
      </EmptyState>
    )
  }
  return (
    <>
      <LeasesTable items={page.items} />
      <Pager path="/leases" search={search} nextCursor={page.nextCursor} />
    </>
  )
}
