/** Requests, newest first: the same rows on the overview and on the requests page. */
import type { RequestSummary } from '@isochrone/services'
import Link from 'next/link'
import { formatCount, formatMs } from '~/lib/format.ts'
import { RequestStatusBadge, SettlementBadge, SimulatedBadge } from './status.tsx'
import { Table, Td, Th, Tr } from './ui/table.tsx'
import { Money, Utc } from './ui/values.tsx'

export function RequestsTable({ requests }: { requests: RequestSummary[] }) {
  return (
    <Table label="Requests" className="min-w-[980px]">
      <thead>
        <tr>
          <Th>Received, UTC</Th>
          <Th>Request</Th>
          <Th>Status</Th>
          <Th>Model</Th>
          <Th>Node</Th>
          <Th numeric>TTFT</Th>
          <Th numeric>Tokens in / out</Th>
          <Th numeric>Price</Th>
          <Th>Settlement</Th>
        </tr>
      </thead>
      <tbody>
        {requests.map((request) => (
          <Tr key={request.id}>
            <Td>
              <Utc at={request.receivedAtMs} bare />
            </Td>
            <Td>
              <Link href={`/requests/${request.id}`} className="link font-mono text-xs" title={request.id}>
                {request.id.slice(0, 12)}…
              </Link>
            </Td>
            <Td>
              <RequestStatusBadge status={request.status} />
            </Td>
            <Td className="whitespace-nowrap">{request.model}</Td>
            <Td className="whitespace-nowrap">
              {request.node?.name ?? '—'} {request.node?.simulated && <SimulatedBadge />}
            </Td>
            <Td numeric>{formatMs(request.ttftMs)}</Td>
            <Td numeric>
              {formatCount(request.tokensIn)} / {formatCount(request.tokensOut)}
            </Td>
            <Td numeric>
              <Money microUsd={request.priceMicroUsd} />
            </Td>
            <Td>
              <SettlementBadge stage={request.settlement} />
            </Td>
          </Tr>
        ))}
      </tbody>
    </Table>
  )
}
