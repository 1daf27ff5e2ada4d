/** Batches of a team as a table. */
import type { BatchSummary } from '@isochrone/services'
import { Link } from '~/components/ui/link.tsx'
import { BatchStatusBadge } from '~/components/status.tsx'
import { DataTable, type Column } from '~/components/ui/data-table.tsx'
import { Money, Utc } from '~/components/ui/values.tsx'
import { BatchProgress } from './batch-progress.tsx'

const columns: Column<BatchSummary>[] = [
  {
    head: 'Batch',
    cell: ({ id }) => (
      <Link href={`/batches/${id}`} className="link font-mono text-xs" title={id}>
        {id.slice(0, 14)}…
      </Link>
    ),
  },
  { head: 'Created, UTC', cell: (batch) => <Utc at={batch.createdAtMs} bare /> },
  { head: 'Status', cell: (batch) => <BatchStatusBadge status={batch.status} /> },
  { head: 'Progress', cell: (batch) => <BatchProgress batch={batch} /> },
  { head: 'Endpoint', className: 'whitespace-nowrap', cell: (batch) => batch.endpoint },
  { head: 'Model', className: 'whitespace-nowrap', cell: (batch) => modelWords(batch) },
  { head: 'Cost so far', numeric: true, cell: (batch) => <Money microUsd={batch.costMicroUsd} /> },
]

export function BatchesTable({ items }: { items: readonly BatchSummary[] }) {
  return (
    <DataTable
      label="Batches"
      className="sm:min-w-[900px]"
      stacks
      columns={columns}
      rows={items}
      rowKey={(batch) => batch.id}
    />
  )
}

/** Of a batch that ran nothing it is not known. */
export function modelWords({ model, total }: Pick<BatchSummary, 'model' | 'total'>): string {
  return model ?? (total === 0 ? '—' : 'several')
}
