/** Queued inference: what waits, what runs, what came of it. */
import Link from 'next/link'
import { FilterBar, SelectInput } from '~/components/filter-bar.tsx'
import { Pager } from '~/components/pager.tsx'
import { LiveRefresh } from '~/components/shell/live-refresh.tsx'
import { JobStatusBadge } from '~/components/status.tsx'
import { ButtonLink } from '~/components/ui/button.tsx'
import { EmptyState } from '~/components/ui/empty-state.tsx'
import { PageHeader } from '~/components/ui/page-header.tsx'
import { Table, Td, Th, Tr } from '~/components/ui/table.tsx'
import { Utc } from '~/components/ui/values.tsx'
import { formatMs } from '~/lib/format.ts'
import { oneOf, readSearch, type SearchParams } from '~/lib/search.ts'
import { pageData } from '~/server/page-data.ts'

export const metadata = { title: 'Queued jobs' }

const statuses = ['queued', 'running', 'succeeded', 'failed', 'cancelled'] as const

export default async function JobsPage({ searchParams }: { searchParams: SearchParams }) {
  const search = await readSearch(searchParams)
  const status = oneOf(statuses, search.status)
  const page = await pageData('/jobs', (api) => api.jobs.list({ status, cursor: search.cursor }))
  const filtered = Boolean(status || search.cursor)
  return (
    <>
      <PageHeader
        title="Queued jobs"
        description="Requests that opted to wait: the worker places each where it fits, and places it anew when a node fails."
        actions={<LiveRefresh intervalMs={5_000} />}
      />
      {(page.items.length > 0 || filtered) && (
        <FilterBar action="/jobs" label="Filter jobs">
          <SelectInput name="status" label="Status" value={status} any="Any status" options={statuses} />
        </FilterBar>
      )}
      {page.items.length === 0 && filtered && (
        <EmptyState
          title="No jobs for these filters"
          action={<ButtonLink href="/jobs">Clear the filters</ButtonLink>}
        />
      )}
      {page.items.length === 0 && !filtered && (
        <EmptyState title="No queued jobs">
          Send a chat completion with the header <code className="font-mono text-xs">x-isochrone-queue: 1</code> and it
          waits here for a free node instead of being answered at once.
        </EmptyState>
      )}
      {page.items.length > 0 && (
        <Table label="Queued jobs" className="min-w-[820px]">
          <thead>
            <tr>
              <Th>Created, UTC</Th>
              <Th>Job</Th>
              <Th>Status</Th>
              <Th>Model</Th>
              <Th>Node</Th>
              <Th numeric>Attempts</Th>
              <Th numeric>Waited</Th>
              <Th numeric>Ran</Th>
            </tr>
          </thead>
          <tbody>
            {page.items.map((job) => (
              <Tr key={job.id}>
                <Td>
                  <Utc at={job.createdAtMs} bare />
                </Td>
                <Td>
                  <Link href={`/jobs/${job.id}`} className="link font-mono text-xs" title={job.id}>
                    {job.id.slice(0, 12)}…
                  </Link>
                </Td>
                <Td>
                  <JobStatusBadge status={job.status} />
                </Td>
                <Td className="whitespace-nowrap">{job.model}</Td>
                <Td className="whitespace-nowrap">{job.node?.name ?? '—'}</Td>
                <Td numeric>
                  {job.attempts}
                  <span className="text-ink-3"> of {job.attemptsMax}</span>
                </Td>
                <Td numeric>{formatMs(job.startedAtMs === null ? null : job.startedAtMs - job.createdAtMs)}</Td>
                <Td numeric>
                  {formatMs(
                    job.startedAtMs === null || job.finishedAtMs === null ? null : job.finishedAtMs - job.startedAtMs,
                  )}
                </Td>
              </Tr>
            ))}
          </tbody>
        </Table>
      )}
      <Pager path="/jobs" search={search} nextCursor={page.nextCursor} />
    </>
  )
}
