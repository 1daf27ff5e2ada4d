/** Queued jobs as a table: for a team its own, for staff those of every organisation. */
import type { JobSummary } from '@isochrone/services'
import Link from 'next/link'
import { JobStatusBadge } from '~/components/status.tsx'
import { SkeletonRows, Table, Td, Th, Tr } from '~/components/ui/table.tsx'
import { Utc } from '~/components/ui/values.tsx'
import { formatMs } from '~/lib/format.ts'
import { kindWords } from '~/lib/job-words.ts'

export interface JobsTableProps {
  items: readonly JobSummary[]
  /** Where a job's page is: `/jobs` or `/admin/jobs`. */
  path: string
  withOrganisation?: boolean
}

export function JobsTable({ items, path, withOrganisation = false }: JobsTableProps) {
  return (
    <Table label="Queued jobs" className="min-w-[900px]">
      <Head withOrganisation={withOrganisation} />
      <tbody>
        {items.map((job) => (
          <Tr key={job.id}>
            <Td>
              <Utc at={job.createdAtMs} bare />
            </Td>
            <Td>
              <Link href={`${path}/${job.id}`} className="link font-mono text-xs" title={job.id}>
                {job.id.slice(0, 12)}…
              </Link>
            </Td>
            {withOrganisation && <Td className="whitespace-nowrap">{job.organisation ?? 'removed'}</Td>}
            <Td>
              <JobStatusBadge status={job.status} />
            </Td>
            <Td title={kindWords[job.kind].hint}>{kindWords[job.kind].label}</Td>
            <Td className="whitespace-nowrap">{job.model}</Td>
            <Td className="whitespace-nowrap">{job.node?.name ?? '—'}</Td>
            <Td numeric>
              {job.attempts}
              <span className="text-ink-3"> of {job.attemptsMax}</span>
            </Td>
            <Td numeric>{formatMs(job.dispatchedAtMs === null ? null : job.dispatchedAtMs - job.createdAtMs)}</Td>
            <Td numeric>
              {formatMs(
                job.dispatchedAtMs === null || job.finishedAtMs === null ? null : job.finishedAtMs - job.dispatchedAtMs,
              )}
            </Td>
          </Tr>
        ))}
      </tbody>
    </Table>
  )
}

export function JobsTableSkeleton({ withOrganisation = false }: { withOrganisation?: boolean }) {
  return (
    <Table label="Queued jobs, being loaded" className="min-w-[900px]">
      <Head withOrganisation={withOrganisation} />
      <tbody>
        <SkeletonRows columns={withOrganisation ? 10 : 9} rows={8} />
      </tbody>
    </Table>
  )
}

function Head({ withOrganisation }: { withOrganisation: boolean }) {
  return (
    <thead>
      <tr>
        <Th>Created, UTC</Th>
        <Th>Job</Th>
        {withOrganisation && <Th>Organisation</Th>}
        <Th>Status</Th>
        <Th>Why it waits</Th>
        <Th>Model</Th>
        <Th>Node</Th>
        <Th numeric>Attempts</Th>
        <Th numeric>Waited</Th>
        <Th numeric>Ran</Th>
      </tr>
    </thead>
  )
}
