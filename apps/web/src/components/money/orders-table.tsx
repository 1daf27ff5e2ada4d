/** Top-ups that were ordered on a managed channel, and how far each is. */
import type { FundingOrderView } from '@isochrone/services'
import { OrderStatusBadge } from '~/components/status.tsx'
import { DataTable, type Column } from '~/components/ui/data-table.tsx'
import { Hash, Money, Utc } from '~/components/ui/values.tsx'

const columns: Column<FundingOrderView>[] = [
  { head: 'Ordered, UTC', cell: (order) => <Utc at={order.createdAtMs} bare /> },
  { head: 'State', cell: (order) => <OrderStatusBadge status={order.status} /> },
  { head: 'Amount', numeric: true, cell: (order) => <Money microUsd={order.microUsd} /> },
  { head: 'Transaction', cell: ({ txHash }) => (txHash ? <Hash value={txHash} label="transaction" /> : '—') },
  { head: 'Error', className: 'text-ink-2', cell: (order) => order.error ?? '—' },
]

export function OrdersTable({ orders }: { orders: readonly FundingOrderView[] }) {
  return (
    <DataTable
      label="Funding orders"
      className="sm:min-w-[560px]"
      stacks
      columns={columns}
      rows={orders}
      rowKey={(order) => order.id}
    />
  )
}
