/** Disputes as a queue: what is due first, and how much hangs on it. */
import type { DisputeView } from '@isochrone/services'
import { Link } from '~/components/ui/link.tsx'
import type { ReactNode } from 'react'
import { DataTable } from '~/components/ui/data-table.tsx'
import { Hash, Money, Utc } from '~/components/ui/values.tsx'
import { disputeKindWords, isClosed, nextStepOf } from '~/lib/words/dispute-words.ts'
import { formatAgo } from '~/lib/words/format.ts'
import { DisputeBadge } from './dispute-badge.tsx'

export interface DisputesTableProps {
  label: string
  /** Where a dispute's page is: `/disputes` or `/admin/disputes`. */
  path: string
  items: readonly DisputeView[]
  nowMs: number
  empty: ReactNode
}

export function DisputesTable({ label, path, items, nowMs, empty }: DisputesTableProps) {
  return (
    <DataTable
      label={label}
      className="sm:min-w-[820px]"
      stacks
      rows={items}
      rowKey={(dispute) => dispute.id}
      empty={empty}
      columns={[
        {
          head: 'Dispute',
          cell: ({ id }) => (
            <Link href={`${path}/${id}`} className="link whitespace-nowrap">
              No. {id}
            </Link>
          ),
        },
        { head: 'State', cell: ({ state }) => <DisputeBadge state={state} /> },
        {
          head: 'Claim',
          className: 'whitespace-nowrap',
          cell: ({ kind }) => disputeKindWords[kind].label,
          cellTitle: ({ kind }) => disputeKindWords[kind].hint,
        },
        {
          head: 'Against',
          className: 'whitespace-nowrap',
          cell: ({ providerName, lane }) => providerName ?? <Hash value={lane} label="lane" />,
        },
        { head: 'Asked back', numeric: true, cell: ({ amountMicroUsd }) => <Money microUsd={amountMicroUsd} /> },
        {
          head: 'At stake',
          headTitle: 'What is asked back, and the bonds',
          numeric: true,
          cell: ({ stakeMicroUsd }) => <Money microUsd={stakeMicroUsd} />,
        },
        { head: 'Deadline, UTC', cell: (dispute) => (isClosed(dispute) ? '—' : <Utc at={dispute.deadlineMs} bare />) },
        {
          head: 'Open until then',
          className: 'whitespace-nowrap text-ink-2',
          cell: (dispute) =>
            isClosed(dispute) ? 'closed' : `${nextStepOf(dispute)}, ${formatAgo(dispute.deadlineMs, nowMs)}`,
        },
      ]}
    />
  )
}
