/** Receipts whose token counts were corrected: what was claimed, what the text is, and who keeps the difference. */
import type { RecountView } from '@isochrone/services'
import Link from 'next/link'
import { Badge } from '~/components/ui/badge.tsx'
import { Table, Td, Th, Tr } from '~/components/ui/table.tsx'
import { Money, Utc } from '~/components/ui/values.tsx'
import { CircleCheck, TriangleAlert } from 'lucide-react'
import { addressOf, formatCount, nodeLabel, shortHash } from '~/lib/format.ts'

/** `ofRequest`: the request is on the page already, else each row names it. */
export function RecountsTable({
  recounts,
  ofRequest = false,
}: {
  recounts: readonly RecountView[]
  ofRequest?: boolean
}) {
  return (
    <Table label="Recounted receipts" className="min-w-[760px]">
      <thead>
        <tr>
          <Th>Counted, UTC</Th>
          <Th>Outcome</Th>
          <Th numeric>Refund</Th>
          {!ofRequest && <Th>Request</Th>}
          <Th>Node</Th>
          <Th>Model</Th>
          <Th numeric>Tokens in: claimed</Th>
          <Th numeric>recounted</Th>
          <Th numeric>Tokens out: claimed</Th>
          <Th numeric>recounted</Th>
          <Th numeric>Price signed</Th>
        </tr>
      </thead>
      <tbody>
        {recounts.map((row) => (
          <Tr key={`${row.lane}-${row.seq}`}>
            <Td>
              <Utc at={row.countedAtMs} bare />
            </Td>
            <Td>
              <OutcomeBadge refundMicroUsd={row.refundMicroUsd} />
            </Td>
            <Td numeric>
              <Money microUsd={row.refundMicroUsd} />
            </Td>
            {!ofRequest && (
              <Td>
                <Link className="link whitespace-nowrap" href={`/receipts/${row.lane}/${row.seq}`}>
                  {shortHash(row.requestId)}
                </Link>
              </Td>
            )}
            <Td className="whitespace-nowrap">{row.node ? nodeLabel(row.node) : shortHash(addressOf(row.nodeId))}</Td>
            <Td className="whitespace-nowrap">{row.model}</Td>
            <Td numeric>{formatCount(row.billedIn)}</Td>
            <Td numeric>{formatCount(row.recountedIn)}</Td>
            <Td numeric>{formatCount(row.billedOut)}</Td>
            <Td numeric>{formatCount(row.recountedOut)}</Td>
            <Td numeric>
              <Money microUsd={row.priceMicroUsd} />
            </Td>
          </Tr>
        ))}
      </tbody>
    </Table>
  )
}

function OutcomeBadge({ refundMicroUsd }: Pick<RecountView, 'refundMicroUsd'>) {
  return refundMicroUsd > 0n ? (
    <Badge tone="good" icon={CircleCheck} title="The payer’s channel keeps it: the lane’s voucher is lower by it.">
      refunded
    </Badge>
  ) : (
    <Badge tone="warn" icon={TriangleAlert} title="Its epoch was closed before. A dispute can still take it back.">
      too late
    </Badge>
  )
}
