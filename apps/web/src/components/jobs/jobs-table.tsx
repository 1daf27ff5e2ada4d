/** Queued jobs as a table: for a team its own, for staff those of every organisation. */
import type { JobSummary } from '@isochrone/services'
import { Link } from '~/components/ui/link.tsx'
import { JobStatusBadge } from '~/components/status.tsx'
import { DataTable, DataTableSkeleton, type Column } from '~/components/ui/data-table.tsx'
import { Utc } from '~/components/ui/values.tsx'
import { formatMs } from '~/lib/words/format.ts'
import { kindWords } from '~/lib/words/job-words.ts'

interface Look {
  /** Where a job's page is: `/jobs` or `/admin/jobs`. */
  path: string
  withOrganisation?: boolean
}

export interface JobsTableProps extends Look {
  items: readonly JobSummary[]
}

const frame = { label: 'Queued jobs', className: 'sm:min-w-[900px]', stacks: true as const }

export function JobsTable({ items, ...look }: JobsTableProps) {
  return <DataTable {...frame} columns={columnsFor(look)} rows={items} rowKey={(job) => job.id} />
}

export function JobsTableSkeleton(look: Pick<Look, 'withOrganisation'>) {
  return <DataTableSkeleton {...frame} columns={columnsFor({ path: '', ...look })} rows={8} />
}

function columnsFor({ path, withOrganisation = false }: Look): (Column<JobSummary> | false)[] {
  return [
    { head: 'Created, UTC', cell: (job) => <Utc at={job.createdAtMs} bare /> },
    {
      head: 'Job',
      cell: ({ id }) => (
        <Link href={`${path}/${id}`} className="link font-mono text-xs" title={id}>
          {id.slice(0, 12)}…
        </Link>
      ),
    },
    withOrganisation && {
      head: 'Organisation',
      className: 'whitespace-nowrap',
      cell: (job) => job.organisation ?? 'removed',
    },
    { head: 'Status', cell: (job) => <JobStatusBadge status={job.status} /> },
    {
      head: 'Why it waits',
      cell: ({ kind }) => kindWords[kind].label,
      cellTitle: ({ kind }) => kindWords[kind].hint,
    },
    { head: 'Model', className: 'whitespace-nowrap', cell: (job) => job.model },
    { head: 'Node', className: 'whitespace-nowrap', cell: (job) => job.node?.name ?? '—' },
    {
      head: 'Attempts',
      numeric: true,
      cell: (job) => (
        <>
          {job.attempts}
          <span className="text-ink-3"> of {job.attemptsMax}</span>
        </>
      ),
    },
    { head: 'Waited', numeric: true, cell: (job) => formatMs(between(job.createdAtMs, job.dispatchedAtMs)) },
    { head: 'Ran', numeric: true, cell: (job) => formatMs(between(job.dispatchedAtMs, job.finishedAtMs)) },
  ]
}

/** Null until both are known. */
const between = (fromMs: number | null, toMs: number | null): number | null =>
  fromMs === null || toMs === null ? null : toMs - fromMs
