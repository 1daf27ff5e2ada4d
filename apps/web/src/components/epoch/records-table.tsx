/** The performance records of an epoch, one row a node. */
import type { RecordSummary } from '@isochrone/services'
import Link from 'next/link'
import { RecordStatusBadge, SimulatedBadge } from '~/components/status.tsx'
import { EmptyState } from '~/components/ui/empty-state.tsx'
import { Table, Td, Th, Tr } from '~/components/ui/table.tsx'
import { Hash, Money, Utc } from '~/components/ui/values.tsx'
import { addressOf, formatCount } from '~/lib/format.ts'

export const recordHref = ({ lane, epoch, nodeId }: Pick<RecordSummary, 'lane' | 'epoch' | 'nodeId'>) =>
  `/epochs/${lane}/${epoch}/records/${nodeId}`

export function RecordsTable({ records }: { records: readonly RecordSummary[] }) {
  if (records.length === 0) {
    return (
      <EmptyState title="No record yet">
        The lane signs one for each node moments after the epoch closes. Without any, claims become payable when the
        grace period ends.
      </EmptyState>
    )
  }
  return (
    <Table label="Performance records" className="min-w-[880px]">
      <thead>
        <tr>
          <Th>Node</Th>
          <Th>Status</Th>
          <Th numeric>Earned</Th>
          <Th numeric>Attempts</Th>
          <Th numeric>At fault</Th>
          <Th>Signed by</Th>
          <Th>Can be final from, UTC</Th>
          <Th>Reported</Th>
          <Th>Released</Th>
        </tr>
      </thead>
      <tbody>
        {records.map((record) => (
          <Tr key={record.nodeId}>
            <Td>
              <span className="flex items-center gap-1.5 whitespace-nowrap">
                <Link className="link" href={recordHref(record)}>
                  {record.node?.name ?? addressOf(record.nodeId).slice(0, 10)}
                </Link>
                {record.node?.simulated && <SimulatedBadge />}
              </span>
            </Td>
            <Td>
              <RecordStatusBadge status={record.status} />
            </Td>
            <Td numeric>
              <Money microUsd={record.earnedMicroUsd} />
            </Td>
            <Td numeric>{formatCount(record.attempts)}</Td>
            <Td numeric>{formatCount(record.faults)}</Td>
            <Td className="whitespace-nowrap">{record.nodeSigned ? 'lane and node' : 'lane alone'}</Td>
            <Td>
              <Utc at={record.finalAtMs} bare />
            </Td>
            <Td>{record.reportedTx ? <Hash value={record.reportedTx} label="report transaction" /> : '—'}</Td>
            <Td>{record.finalTx ? <Hash value={record.finalTx} label="release transaction" /> : '—'}</Td>
          </Tr>
        ))}
      </tbody>
    </Table>
  )
}
