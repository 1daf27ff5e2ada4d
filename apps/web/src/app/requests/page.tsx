/** A team's requests, newest first. */
import { FilterBar } from '~/components/filter-bar.tsx'
import { SearchInput, SelectInput } from '~/components/filter-inputs.tsx'
import { Pager } from '~/components/pager.tsx'
import { RequestsTable } from '~/components/requests-table.tsx'
import { LiveRefresh } from '~/components/shell/live-refresh.tsx'
import { ButtonLink } from '~/components/ui/button.tsx'
import { EmptyState } from '~/components/ui/empty-state.tsx'
import { PageHeader } from '~/components/ui/page-header.tsx'
import { oneOf, readSearch, type SearchParams } from '~/lib/page/search.ts'
import { pageData } from '~/server/page-data.ts'

export const metadata = { title: 'Requests' }

const statuses = ['succeeded', 'failed', 'aborted'] as const

export default async function RequestsPage({ searchParams }: { searchParams: SearchParams }) {
  const search = await readSearch(searchParams)
  const status = oneOf(statuses, search.status)
  const page = await pageData('/requests', (api) =>
    api.requests.list({ status, model: search.model, cursor: search.cursor }),
  )
  const filtered = Boolean(status || search.model || search.cursor)
  return (
    <>
      <PageHeader
        title="Requests"
        description="Every request with what it cost and how far its money has come. Open one to check its receipt."
        actions={search.cursor ? undefined : <LiveRefresh intervalMs={5_000} />}
      />
      {(page.items.length > 0 || filtered) && (
        <FilterBar action="/requests" label="Filter requests">
          <SearchInput name="model" value={search.model} label="Model, in full" />
          <SelectInput name="status" label="Status" value={status} any="Any status" options={statuses} />
        </FilterBar>
      )}
      {page.items.length > 0 ? (
        <RequestsTable requests={page.items} />
      ) : filtered ? (
        <EmptyState
          title="No requests for these filters"
          action={<ButtonLink href="/requests">Clear the filters</ButtonLink>}
        >
          None of your requests matches all of them.
        </EmptyState>
      ) : (
        <EmptyState
          title="No requests yet"
          action={
            <ButtonLink href="/dashboard#quick-start" tone="primary">
              Send the first request
            </ButtonLink>
          }
        >
          A request appears here about a second after its answer, with a receipt signed by both sides.
        </EmptyState>
      )}
      <Pager path="/requests" search={search} nextCursor={page.nextCursor} />
    </>
  )
}
