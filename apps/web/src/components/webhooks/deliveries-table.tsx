/** The log of webhook deliveries: what was sent where, how often, and how it ended. */
import type { WebhookDeliveryView } from '@isochrone/services'
import { Link } from '~/components/ui/link.tsx'
import type { ReactNode } from 'react'
import { WebhookStatusBadge } from '~/components/status.tsx'
import { DataTable, type Column } from '~/components/ui/data-table.tsx'
import { Utc } from '~/components/ui/values.tsx'
import { RedeliverButton } from './redeliver-button.tsx'

export interface DeliveriesTableProps {
  items: readonly WebhookDeliveryView[]
  disabledReason: string | undefined
  empty: ReactNode
}

const columns: Column<WebhookDeliveryView>[] = [
  { head: 'Since, UTC', cell: (delivery) => <Utc at={delivery.createdAtMs} bare /> },
  { head: 'Event', className: 'font-mono text-xs whitespace-nowrap', cell: (delivery) => delivery.type },
  {
    head: 'Job',
    cell: ({ jobId }) => (
      <Link href={`/jobs/${jobId}`} className="link font-mono text-xs" title={jobId}>
        {jobId.slice(0, 12)}…
      </Link>
    ),
  },
  {
    head: 'Address',
    className: 'max-w-56 truncate font-mono text-xs',
    cell: (delivery) => delivery.url,
    cellTitle: (delivery) => delivery.url,
  },
  { head: 'State', cell: (delivery) => <WebhookStatusBadge status={delivery.status} /> },
  { head: 'Attempts', numeric: true, cell: (delivery) => delivery.attempts },
  {
    head: 'Last answer',
    className: 'text-ink-2',
    cell: ({ error, httpStatus }) => error ?? (httpStatus ? `HTTP ${httpStatus}` : '—'),
  },
  {
    head: 'Next attempt, UTC',
    cell: ({ nextAttemptAtMs }) => (nextAttemptAtMs === null ? '—' : <Utc at={nextAttemptAtMs} bare />),
  },
]

export function DeliveriesTable({ items, disabledReason, empty }: DeliveriesTableProps) {
  return (
    <DataTable
      label="Deliveries"
      className="sm:min-w-[980px]"
      stacks
      rows={items}
      rowKey={(delivery) => delivery.id}
      columns={columns}
      actions={({ id, status }) => (
        <RedeliverButton id={id} disabledReason={status === 'pending' ? 'It is on its way.' : disabledReason} />
      )}
      empty={empty}
    />
  )
}
