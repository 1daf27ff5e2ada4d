/** Receipts whose token counts were corrected: what was claimed, what the text is, and who keeps the difference. */
import type { RecountView } from '@isochrone/services'
import { Link } from '~/components/ui/link.tsx'
import { Badge } from '~/components/ui/badge.tsx'
import { DataTable } from '~/components/ui/data-table.tsx'
import { Money, Utc } from '~/components/ui/values.tsx'
import { CircleCheck, TriangleAlert } from 'lucide-react'
import { addressOf, formatCount, nodeLabel, shortHash } from '~/lib/words/format.ts'

/** `ofRequest`: the request is on the page already, else each row names it. */
export function RecountsTable({
  recounts,
  ofRequest = false,
}: {
  recounts: readonly RecountView[]
  ofRequest?: boolean
}) {
  return (
    <DataTable
      label="Recounted receipts"
      className="sm:min-w-[760px]"
      stacks
      rows={recounts}
      rowKey={({ lane, seq }) => `${lane}-${seq}`}
      columns={[
        { head: 'Counted, UTC', cell: (row) => <Utc at={row.countedAtMs} bare /> },
        { head: 'Outcome', cell: (row) => <OutcomeBadge refundMicroUsd={row.refundMicroUsd} /> },
        { head: 'Refund', numeric: true, cell: (row) => <Money microUsd={row.refundMicroUsd} /> },
        !ofRequest && {
          head: 'Request',
          cell: (row) => (
            <Link className="link whitespace-nowrap" href={`/receipts/${row.lane}/${row.seq}`}>
              {shortHash(row.requestId)}
            </Link>
          ),
        },
        {
          head: 'Node',
          className: 'whitespace-nowrap',
          cell: ({ node, nodeId }) => (node ? nodeLabel(node) : shortHash(addressOf(nodeId))),
        },
        { head: 'Model', className: 'whitespace-nowrap', cell: (row) => row.model },
        { head: 'Tokens in: claimed', numeric: true, cell: (row) => formatCount(row.billedIn) },
        { head: 'recounted', numeric: true, cell: (row) => formatCount(row.recountedIn) },
        { head: 'Tokens out: claimed', numeric: true, cell: (row) => formatCount(row.billedOut) },
        { head: 'recounted', numeric: true, cell: (row) => formatCount(row.recountedOut) },
        { head: 'Price signed', numeric: true, cell: (row) => <Money microUsd={row.priceMicroUsd} /> },
      ]}
    />
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
