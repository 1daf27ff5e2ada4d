/** Receipts of an epoch, in the order of their numbers. */
import type { ReceiptListItem } from '@isochrone/services'
import { Link } from '~/components/ui/link.tsx'
import { FaultBadge } from '~/components/status.tsx'
import { DataTable } from '~/components/ui/data-table.tsx'
import { Hash, Money, Utc } from '~/components/ui/values.tsx'
import { formatCount, formatMs, nodeLabel, shortHash, addressOf } from '~/lib/words/format.ts'

export function EpochReceiptsTable({ lane, receipts }: { lane: string; receipts: readonly ReceiptListItem[] }) {
  return (
    <DataTable
      label="Receipts"
      className="sm:min-w-[880px]"
      stacks
      rows={receipts}
      rowKey={(receipt) => receipt.seq}
      columns={[
        {
          head: 'Number',
          numeric: true,
          cell: ({ seq }) => (
            <Link className="link" href={`/receipts/${lane}/${seq}`}>
              {formatCount(seq)}
            </Link>
          ),
        },
        { head: 'Started, UTC', cell: (receipt) => <Utc at={receipt.startedAtMs} bare /> },
        {
          head: 'Node',
          className: 'whitespace-nowrap',
          cell: ({ node, nodeId }) => (node ? nodeLabel(node) : shortHash(addressOf(nodeId))),
        },
        { head: 'Channel', cell: (receipt) => <Hash value={receipt.channelId} label="channel id" /> },
        { head: 'Tokens: fresh in', numeric: true, cell: (receipt) => formatCount(receipt.tokensIn) },
        { head: 'cached in', numeric: true, cell: (receipt) => formatCount(receipt.tokensCached) },
        { head: 'out', numeric: true, cell: (receipt) => formatCount(receipt.tokensOut) },
        {
          head: 'TTFT',
          numeric: true,
          cell: ({ tokensOut, ttftMs }) => (tokensOut > 0 ? formatMs(ttftMs) : '—'),
        },
        { head: 'Fault', cell: (receipt) => <FaultBadge fault={receipt.fault} /> },
        { head: 'Price', numeric: true, cell: (receipt) => <Money microUsd={receipt.priceMicroUsd} /> },
      ]}
    />
  )
}
