/** Leases as a table, newest first. */
import type { LeaseSummary } from '@isochrone/services'
import { Link } from '~/components/ui/link.tsx'
import { LeaseStatusBadge } from '~/components/status.tsx'
import { DataTable, DataTableSkeleton, type Column } from '~/components/ui/data-table.tsx'
import { Money, Utc } from '~/components/ui/values.tsx'
import { formatSpan, nodeLabel } from '~/lib/words/format.ts'

const frame = { label: 'Leases', className: 'sm:min-w-[900px]', stacks: true as const }

const columns: Column<LeaseSummary>[] = [
  { head: 'Rented, UTC', cell: (lease) => <Utc at={lease.createdAtMs} bare /> },
  {
    head: 'Lease',
    cell: ({ id }) => (
      <Link href={`/leases/${id}`} className="link font-mono text-xs" title={id}>
        {id.slice(0, 14)}…
      </Link>
    ),
  },
  { head: 'Status', cell: ({ status }) => <LeaseStatusBadge status={status} /> },
  { head: 'Model', className: 'whitespace-nowrap', cell: ({ model }) => model },
  { head: 'Node', className: 'whitespace-nowrap', cell: ({ node }) => (node ? nodeLabel(node) : '—') },
  { head: 'GPUs', numeric: true, cell: ({ gpus }) => gpus },
  { head: '$/GPU-hour', numeric: true, cell: (lease) => <Money microUsd={lease.perGpuHourMicroUsd} /> },
  { head: 'Duration', numeric: true, cell: ({ durationMs }) => formatSpan(durationMs) },
  { head: 'Cost so far', numeric: true, cell: (lease) => <Money microUsd={lease.billedMicroUsd} /> },
  { head: 'Ends or ended, UTC', cell: (lease) => <Utc at={lease.endedAtMs ?? lease.endsAtMs} bare /> },
]

export function LeasesTable({ items }: { items: readonly LeaseSummary[] }) {
  return <DataTable {...frame} columns={columns} rows={items} rowKey={(lease) => lease.id} />
}

export function LeasesTableSkeleton() {
  return <DataTableSkeleton {...frame} columns={columns} rows={6} />
}
