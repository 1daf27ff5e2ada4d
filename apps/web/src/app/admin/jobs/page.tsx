/** The scheduler as staff see it: the queued work of every organisation, without prompts and answers. */
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

export const metadata = { title: 'Scheduler' }

export default async function AdminJobsPage({ searchParams }: { searchParams: SearchParams }) {
  const search = await readSearch(searchParams)
  const stats = await pageData('/admin/jobs', (api) => api.admin.jobStats())
  return (
    <>
      <PageHeader
        trail={[{ href: '/admin', label: 'Operations' }]}
        title="Scheduler"
        description="Queued work of every organisation. What was asked and answered is theirs and not shown."
        actions={<LiveRefresh intervalMs={3_000} />}
      />
      <QueueStats stats={stats} nowMs={Date.now()} />
      <Suspense fallback={<JobsTableSkeleton withOrganisation />}>
        <Jobs search={search} />
      </Suspense>
    </>
  )
}

async function Jobs({ search }: { search: Record<string, string | undefined> }) {
  const filter = { status: oneOf(jobStatuses, search.status), kind: oneOf(jobKinds, search.kind), model: search.model }
  const page = await pageData('/admin/jobs', (api) => api.admin.jobs({ ...filter, cursor: search.cursor }))
  const filtered = Boolean(filter.status || filter.kind || filter.model || search.cursor)
  return (
    <>
      {(page.items.length > 0 || filtered) && <JobsFilter path="/admin/jobs" {...filter} />}
      {page.items.length > 0 && <JobsTable items={page.items} path="/admin/jobs" withOrganisation />}
      {page.items.length === 0 && (
        <EmptyState
          title={filtered ? 'No jobs for these filters' : 'Nobody has queued anything yet'}
          action={filtered ? <ButtonLink href="/admin/jobs">Clear the filters</ButtonLink> : undefined}
        />
      )}
      <Pager path="/admin/jobs" search={search} nextCursor={page.nextCursor} />
    </>
  )
}
