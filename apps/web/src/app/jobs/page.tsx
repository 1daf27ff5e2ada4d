/** The scheduler as a team sees it: how deep the queue is, how long it takes, and each job with its way. */
import { Suspense } from 'react'
import { JobsFilter } from '~/components/jobs/jobs-filter.tsx'
import { JobsTable, JobsTableSkeleton } from '~/components/jobs/jobs-table.tsx'
import { QueueStats } from '~/components/jobs/queue-stats.tsx'
import { Pager } from '~/components/pager.tsx'
import { LiveRefresh } from '~/components/shell/live-refresh.tsx'
import { ButtonLink } from '~/components/ui/button.tsx'
import { EmptyState } from '~/components/ui/empty-state.tsx'
import { PageHeader } from '~/components/ui/page-header.tsx'
import { jobKinds, jobStatuses } from '~/lib/words/job-words.ts'
import { oneOf, readSearch, type SearchParams } from '~/lib/page/search.ts'
import { pageData } from '~/server/page-data.ts'

export const metadata = { title: 'Queued jobs' }

type Search = Record<string, string | undefined>

export default async function JobsPage({ searchParams }: { searchParams: SearchParams }) {
  const search = await readSearch(searchParams)
  const stats = await pageData('/jobs', (api) => api.jobs.stats())
  return (
    <>
      <PageHeader
        title="Queued jobs"
        description="Work that waits: the worker places each job where it fits, and places it anew when a node fails."
        actions={<LiveRefresh intervalMs={3_000} />}
      />
      <QueueStats stats={stats} nowMs={Date.now()} />
      <Suspense fallback={<JobsTableSkeleton />}>
        <Jobs search={search} />
      </Suspense>
    </>
  )
}

async function Jobs({ search }: { search: Search }) {
  const filter = { status: oneOf(jobStatuses, search.status), kind: oneOf(jobKinds, search.kind), model: search.model }
  const page = await pageData('/jobs', (api) => api.jobs.list({ ...filter, cursor: search.cursor }))
  const filtered = Boolean(filter.status || filter.kind || filter.model || search.cursor)
  if (page.items.length === 0 && !filtered) {
    return (
      <EmptyState title="No queued jobs">
        Send a chat completion with the header <code className="font-mono text-xs">x-isochrone-queue: 1</code>, or a
        response with <code className="font-mono text-xs">background: true</code>, and it waits here for a free node.
        With <code className="font-mono text-xs">x-isochrone-wait-ms</code> a request waits only where nothing has room
        at once.
      </EmptyState>
    )
  }
  return (
    <>
      <JobsFilter path="/jobs" {...filter} />
      {page.items.length === 0 ? (
        <EmptyState
          title="No jobs for these filters"
          action={<ButtonLink href="/jobs">Clear the filters</ButtonLink>}
        />
      ) : (
        <JobsTable items={page.items} path="/jobs" />
      )}
      <Pager path="/jobs" search={search} nextCursor={page.nextCursor} />
    </>
  )
}
