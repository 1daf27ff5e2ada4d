/** Lease receipts of an epoch that are the reader's, in the order of their numbers. */
import type { LeaseReceiptListItem } from '@isochrone/services'
import { Link } from '~/components/ui/link.tsx'
import { DataTable } from '~/components/ui/data-table.tsx'
import { Hash, Money, Utc } from '~/components/ui/values.tsx'
import { addressOf, formatCount, formatMs, nodeLabel, shortHash } from '~/lib/words/format.ts'

export function EpochLeaseReceiptsTable({
  lane,
  receipts,
}: {
  lane: string
  receipts: readonly LeaseReceiptListItem[]
}) {
  return (
    <DataTable
      label="Lease receipts"
      className="sm:min-w-[820px]"
      stacks
      rows={receipts}
      rowKey={({ seq }) => seq}
      empty={<p className="text-ink-3">None of yours beyond this number.</p>}
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
        { head: 'From, UTC', cell: ({ fromMs }) => <Utc at={fromMs} bare /> },
        { head: 'To, UTC', cell: ({ toMs }) => <Utc at={toMs} bare /> },
        {
          head: 'Node',
          className: 'whitespace-nowrap',
          cell: ({ node, nodeId }) => (node ? nodeLabel(node) : shortHash(addressOf(nodeId))),
        },
        { head: 'Channel', cell: ({ channelId }) => <Hash value={channelId} label="channel id" /> },
        {
          head: 'Lease',
          cell: ({ leaseId }) =>
            leaseId ? (
              <Link className="link whitespace-nowrap" href={`/leases/${leaseId}`}>
                Your lease
              </Link>
            ) : (
              '—'
            ),
        },
        {
          head: 'GPU time',
          numeric: true,
          cell: ({ gpuMs }) => formatMs(gpuMs),
          cellTitle: ({ gpuMs }) => `${gpuMs} ms`,
        },
        { head: 'Price', numeric: true, cell: ({ priceMicroUsd }) => <Money microUsd={priceMicroUsd} /> },
      ]}
    />
  )
}
