/** Top-ups that were ordered on a managed channel, and how far each is. */
import type { FundingOrderView } from '@isochrone/services'
import { OrderStatusBadge } from '~/components/status.tsx'
import { Table, Td, Th, Tr } from '~/components/ui/table.tsx'
import { Hash, Money, Utc } from '~/components/ui/values.tsx'

export function OrdersTable({ orders }: { orders: readonly FundingOrderView[] }) {
  return (
    <Table label="Funding orders" className="min-w-[560px]">
      <thead>
        <tr>
          <Th>Ordered, UTC</Th>
          <Th>State</Th>
          <Th numeric>Amount</Th>
          <Th>Transaction</Th>
          <Th>Error</Th>
        </tr>
      </thead>
      <tbody>
        {orders.map((order) => (
          <Tr key={order.id}>
            <Td>
              <Utc at={order.createdAtMs} bare />
            </Td>
            <Td>
              <OrderStatusBadge status={order.status} />
            </Td>
            <Td numeric>
              <Money microUsd={order.microUsd} />
            </Td>
            <Td>{order.txHash ? <Hash value={order.txHash} label="transaction" /> : '—'}</Td>
            <Td className="text-ink-2">{order.error ?? '—'}</Td>
          </Tr>
        ))}
      </tbody>
    </Table>
  )
}
