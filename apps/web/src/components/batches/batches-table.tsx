/** Batches of a team as a table. */
import type { BatchSummary } from '@isochrone/services'
import Link from 'next/link'
import { BatchStatusBadge } from '~/components/status.tsx'
import { DataTable, DataTableSkeleton, type Column } from '~/components/ui/data-table.tsx'
import { Money, Utc } from '~/components/ui/values.tsx'
import { BatchProgress } from './batch-progress.tsx'

const frame = { label: 'Batches', className: 'min-w-[900px]' }

const columns: Column<BatchSummary>[] = [
  { head: 'Created, UTC', cell: (batch) => <Utc at={batch.createdAtMs} bare /> },
  {
    head: 'Batch',
    cell: ({ id }) => (
      <Link href={`/batches/${id}`} className="link font-mono text-xs" title={id}>
        {id.slice(0, 14)}…
      </Link>
    ),
  },
  { head: 'Status', cell: (batch) => <BatchStatusBadge status={batch.status} /> },
  { head: 'Progress', cell: (batch) => <BatchProgress batch={batch} /> },
  { head: 'Endpoint', className: 'whitespace-nowrap', cell: (batch) => batch.endpoint },
  { head: 'Model', className: 'whitespace-nowrap', cell: (batch) => batch.model ?? 'several' },
  { head: 'Cost so far', numeric: true, cell: (batch) => <Money microUsd={batch.costMicroUsd} /> },
]

export function BatchesTable({ items }: { items: readonly BatchSummary[] }) {
  return <DataTable {...frame} columns={columns} rows={items} rowKey={(batch) => batch.id} />
}

export function BatchesTableSkeleton() {
  return <DataTableSkeleton {...frame} columns={columns} rows={4} />
}
