/** The desk's queue: disputes and challenged records in one list, by deadline and by what hangs on them. */
import type { DeskItem } from '@isochrone/services'
import type { ReactNode } from 'react'
import { RecordStatusBadge } from '~/components/status.tsx'
import { DataTable } from '~/components/ui/data-table.tsx'
import { Link } from '~/components/ui/link.tsx'
import { Hash, Money, Utc } from '~/components/ui/values.tsx'
import { disputeKindWords, isClosed, nextStepOf } from '~/lib/words/dispute-words.ts'
import { addressOf, formatAgo, shortHash } from '~/lib/words/format.ts'
import { DisputeBadge } from './dispute-badge.tsx'

export interface DeskTableProps {
  items: readonly DeskItem[]
  nowMs: number
  empty: ReactNode
}

export function DeskTable({ items, nowMs, empty }: DeskTableProps) {
  return (
    <DataTable
      label="Cases"
      className="sm:min-w-[860px]"
      stacks
      rows={items.map((item) => rowOf(item))}
      rowKey={({ key }) => key}
      empty={empty}
      columns={[
        {
          head: 'Case',
          cell: ({ href, name }) => (
            <Link href={href} className="link whitespace-nowrap">
              {name}
            </Link>
          ),
        },
        { head: 'State', cell: ({ state }) => state },
        {
          head: 'Claim',
          className: 'whitespace-nowrap',
          cell: ({ claim }) => claim.label,
          cellTitle: ({ claim }) => claim.hint,
        },
        { head: 'Against', className: 'whitespace-nowrap', cell: ({ against }) => against },
        {
          head: 'In question',
          headTitle: 'What is asked back, or the pay that the record releases',
          numeric: true,
          cell: ({ amountMicroUsd }) => <Money microUsd={amountMicroUsd} />,
        },
        {
          head: 'Bonds',
          numeric: true,
          cell: ({ bondMicroUsd }) => (bondMicroUsd === null ? '—' : <Money microUsd={bondMicroUsd} />),
        },
        {
          head: 'At stake',
          headTitle: 'What is in question, and the bonds',
          numeric: true,
          cell: ({ stakeMicroUsd }) => <Money microUsd={stakeMicroUsd} />,
        },
        {
          head: 'Deadline, UTC',
          cell: ({ deadlineMs, isOver }) => (isOver ? '—' : <Utc at={deadlineMs} bare />),
        },
        {
          head: 'Open until then',
          className: 'whitespace-nowrap text-ink-2',
          cell: ({ isOver, next, deadlineMs }) =>
            isOver ? 'closed' : deadlineMs === null ? next : `${next}, ${formatAgo(deadlineMs, nowMs)}`,
        },
      ]}
    />
  )
}

interface Row {
  key: string
  href: string
  name: string
  state: ReactNode
  claim: { label: string; hint: string }
  against: ReactNode
  amountMicroUsd: bigint
  bondMicroUsd: bigint | null
  stakeMicroUsd: bigint
  deadlineMs: number | null
  isOver: boolean
  next: string
}

function rowOf(item: DeskItem): Row {
  if (item.kind === 'dispute') {
    const { dispute } = item
    const { id, state, kind, providerName, lane, amountMicroUsd, stakeMicroUsd, deadlineMs } = dispute
    return {
      key: `dispute ${id}`,
      href: `/admin/disputes/${id}`,
      name: `No. ${id}`,
      state: <DisputeBadge state={state} />,
      claim: disputeKindWords[kind],
      against: providerName ?? <Hash value={lane} label="lane" />,
      amountMicroUsd,
      bondMicroUsd: dispute.bondMicroUsd + dispute.appealBondMicroUsd,
      stakeMicroUsd,
      deadlineMs,
      isOver: isClosed(dispute),
      next: nextStepOf(dispute),
    }
  }
  const { record, bondMicroUsd, stakeMicroUsd, deadlineMs } = item
  const { lane, epoch, nodeId, node, status, providerName, providerId, earnedMicroUsd } = record
  return {
    key: `record ${item.id}`,
    href: `/admin/disputes/record?lane=${lane}&epoch=${epoch}&node=${nodeId}`,
    name: `${node?.name ?? shortHash(addressOf(nodeId))}, epoch ${epoch}`,
    state: <RecordStatusBadge status={status} />,
    claim: { label: 'Record wrong', hint: 'A node’s counts of an epoch do not follow from its receipts.' },
    against: providerName ?? <Hash value={providerId} label="provider" />,
    amountMicroUsd: earnedMicroUsd,
    bondMicroUsd,
    stakeMicroUsd,
    deadlineMs,
    isOver: status !== 'challenged',
    next: 'panel and ruling',
  }
}
