/** The log of webhook deliveries: what was sent where, how often, and how it ended. */
import type { WebhookDeliveryView } from '@isochrone/services'
import Link from 'next/link'
import { WebhookStatusBadge } from '~/components/status.tsx'
import { Table, Td, Th, Tr } from '~/components/ui/table.tsx'
import { Utc } from '~/components/ui/values.tsx'
import { RedeliverButton } from './redeliver-button.tsx'

export interface DeliveriesTableProps {
  items: readonly WebhookDeliveryView[]
  disabledReason: string | undefined
}

export function DeliveriesTable({ items, disabledReason }: DeliveriesTableProps) {
  return (
    <Table label="Deliveries" className="min-w-[980px]">
      <thead>
        <tr>
          <Th>Since, UTC</Th>
          <Th>Event</Th>
          <Th>Job</Th>
          <Th>Address</Th>
          <Th>State</Th>
          <Th numeric>Attempts</Th>
          <Th>Last answer</Th>
          <Th>Next attempt, UTC</Th>
          <Th>
            <span className="sr-only">Actions</span>
          </Th>
        </tr>
      </thead>
      <tbody>
        {items.map((delivery) => (
          <Tr key={delivery.id}>
            <Td>
              <Utc at={delivery.createdAtMs} bare />
            </Td>
            <Td className="font-mono text-xs whitespace-nowrap">{delivery.type}</Td>
            <Td>
              <Link href={`/jobs/${delivery.jobId}`} className="link font-mono text-xs" title={delivery.jobId}>
                {delivery.jobId.slice(0, 12)}…
              </Link>
            </Td>
            <Td className="max-w-56 truncate font-mono text-xs" title={delivery.url}>
              {delivery.url}
            </Td>
            <Td>
              <WebhookStatusBadge status={delivery.status} />
            </Td>
            <Td numeric>{delivery.attempts}</Td>
            <Td className="text-ink-2">
              {delivery.error ?? (delivery.httpStatus ? `HTTP ${delivery.httpStatus}` : '—')}
            </Td>
            <Td>{delivery.nextAttemptAtMs === null ? '—' : <Utc at={delivery.nextAttemptAtMs} bare />}</Td>
            <Td className="text-right">
              <RedeliverButton
                id={delivery.id}
                disabledReason={delivery.status === 'pending' ? 'It is on its way.' : disabledReason}
              />
            </Td>
          </Tr>
        ))}
      </tbody>
    </Table>
  )
}
