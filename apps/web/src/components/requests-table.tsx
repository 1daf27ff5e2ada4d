/** Requests, newest first: the same rows on the overview and on the requests page. */
import type { RequestSummary } from '@isochrone/services'
import { Link } from '~/components/ui/link.tsx'
import { formatCount, formatMs } from '~/lib/words/format.ts'
import { RequestStatusBadge, SettlementBadge, SimulatedBadge } from './status.tsx'
import { DataTable, type Column } from './ui/data-table.tsx'
import { Money, Utc } from './ui/values.tsx'

const columns: Column<RequestSummary>[] = [
  { head: 'Received, UTC', cell: (request) => <Utc at={request.receivedAtMs} bare /> },
  {
    head: 'Request',
    cell: ({ id }) => (
      <Link href={`/requests/${id}`} className="link font-mono text-xs" title={id}>
        {id.slice(0, 12)}…
      </Link>
    ),
  },
  { head: 'Status', cell: (request) => <RequestStatusBadge status={request.status} /> },
  { head: 'Model', className: 'whitespace-nowrap', cell: (request) => request.model },
  {
    head: 'Node',
    className: 'whitespace-nowrap',
    cell: ({ node }) => (
      <>
        {node?.name ?? '—'} {node?.simulated && <SimulatedBadge />}
      </>
    ),
  },
  { head: 'TTFT', numeric: true, cell: (request) => formatMs(request.ttftMs) },
  {
    head: 'Tokens in / out',
    numeric: true,
    cell: (request) => (
      <>
        {formatCount(request.tokensIn + request.tokensCached)} / {formatCount(request.tokensOut)}
      </>
    ),
  },
  { head: 'Price', numeric: true, cell: (request) => <Money microUsd={request.priceMicroUsd} /> },
  { head: 'Settlement', cell: (request) => <SettlementBadge stage={request.settlement} /> },
]

export function RequestsTable({ requests }: { requests: RequestSummary[] }) {
  return (
    <DataTable
      label="Requests"
      className="sm:min-w-[980px]"
      stacks
      columns={columns}
      rows={requests}
      rowKey={(request) => request.id}
    />
  )
}
