/** The performance records of an epoch, one row a node. */
import type { RecordSummary } from '@isochrone/services'
import { Link } from '~/components/ui/link.tsx'
import { RecordStatusBadge, SimulatedBadge } from '~/components/status.tsx'
import { DataTable, type Column } from '~/components/ui/data-table.tsx'
import { EmptyState } from '~/components/ui/empty-state.tsx'
import { Hash, Money, Utc } from '~/components/ui/values.tsx'
import { addressOf, formatCount } from '~/lib/words/format.ts'

export const recordHref = ({ lane, epoch, nodeId }: Pick<RecordSummary, 'lane' | 'epoch' | 'nodeId'>) =>
  `/epochs/${lane}/${epoch}/records/${nodeId}`

const columns: Column<RecordSummary>[] = [
  {
    head: 'Node',
    cell: (record) => (
      <span className="flex items-center gap-1.5 whitespace-nowrap">
        <Link className="link" href={recordHref(record)}>
          {record.node?.name ?? addressOf(record.nodeId).slice(0, 10)}
        </Link>
        {record.node?.simulated && <SimulatedBadge />}
      </span>
    ),
  },
  { head: 'Status', cell: (record) => <RecordStatusBadge status={record.status} /> },
  { head: 'Earned', numeric: true, cell: (record) => <Money microUsd={record.earnedMicroUsd} /> },
  { head: 'Attempts', numeric: true, cell: (record) => formatCount(record.attempts) },
  { head: 'At fault', numeric: true, cell: (record) => formatCount(record.faults) },
  {
    head: 'Signed by',
    className: 'whitespace-nowrap',
    cell: (record) => (record.nodeSigned ? 'lane and node' : 'lane alone'),
  },
  { head: 'Can be final from, UTC', cell: (record) => <Utc at={record.finalAtMs} bare /> },
  {
    head: 'Reported',
    cell: ({ reportedTx }) => (reportedTx ? <Hash value={reportedTx} label="report transaction" /> : '—'),
  },
  {
    head: 'Released',
    cell: ({ finalTx }) => (finalTx ? <Hash value={finalTx} label="release transaction" /> : '—'),
  },
]

export function RecordsTable({ records }: { records: readonly RecordSummary[] }) {
  return (
    <DataTable
      label="Performance records"
      className="sm:min-w-[880px]"
      stacks
      columns={columns}
      rows={records}
      rowKey={(record) => record.nodeId}
      empty={
        <EmptyState title="No record yet">
          The lane signs one for each node moments after the epoch closes. Without any, claims become payable when the
          grace period ends.
        </EmptyState>
      }
    />
  )
}
