/** What the platform's account sends for an organisation: each step with how far its transaction is. */
import type { DisputeOrderView } from '@isochrone/services'
import { OrderStatusBadge } from '~/components/status.tsx'
import { TxSteps } from '~/components/track.tsx'
import { DataTable } from '~/components/ui/data-table.tsx'
import { Link } from '~/components/ui/link.tsx'
import { Hash, Utc } from '~/components/ui/values.tsx'
import type { TxStage } from '~/lib/money/tx-stage.ts'

const actionWords: Record<string, string> = {
  file: 'File',
  file_lease: 'File about a lease',
  withheld: 'File about a withheld file',
  challenge: 'Challenge a record',
  respond: 'Answer',
  appeal: 'Appeal',
}

export interface OrdersTableProps {
  orders: readonly DisputeOrderView[]
  txStages: Record<string, TxStage>
}

export function OrdersTable({ orders, txStages }: OrdersTableProps) {
  return (
    <DataTable
      label="Asked for"
      className="sm:min-w-[720px]"
      stacks
      rows={orders}
      rowKey={({ id }) => id}
      columns={[
        { head: 'Created, UTC', cell: ({ createdAtMs }) => <Utc at={createdAtMs} bare /> },
        { head: 'What', cell: ({ action }) => actionWords[action] ?? action },
        {
          head: 'Dispute',
          cell: ({ disputeId }) =>
            disputeId === null ? (
              '—'
            ) : (
              <Link href={`/disputes/${disputeId}`} className="link whitespace-nowrap">
                No. {disputeId}
              </Link>
            ),
        },
        { head: 'State', cell: ({ status }) => <OrderStatusBadge status={status} /> },
        {
          head: 'Transaction',
          cell: ({ txHash }) =>
            txHash === null ? (
              '—'
            ) : (
              <>
                <Hash value={txHash} label="transaction" />
                <TxSteps stage={txStages[txHash] ?? 'unknown'} />
              </>
            ),
        },
        { head: 'Why not', className: 'text-ink-2', cell: ({ error }) => error ?? '—' },
      ]}
    />
  )
}
