/** A record's counts: samples and misses of each payer, against the promises of the terms that were in force. */
import type { BrokenPromise, CountsView } from '@isochrone/services'
import { BadgeCheck, CircleDashed, CircleX, Clock } from 'lucide-react'
import { Badge } from '~/components/ui/badge.tsx'
import { DataTable, type Column } from '~/components/ui/data-table.tsx'
import { EmptyState } from '~/components/ui/empty-state.tsx'
import { Hash, Money } from '~/components/ui/values.tsx'
import { formatCount } from '~/lib/words/format.ts'

export const promiseWords: Record<BrokenPromise, string> = { availability: 'availability', ttft: 'TTFT', tpot: 'TPOT' }

const columns: Column<CountsView>[] = [
  { head: 'Payer’s channel', cell: (row) => <Hash value={row.channelId} label="channel id" /> },
  { head: 'Terms', cell: (row) => <Hash value={row.termsHash} label="terms hash" /> },
  {
    head: 'Samples',
    headTitle: 'Attempts that count for availability',
    numeric: true,
    cell: (row) => formatCount(row.samples),
  },
  {
    head: 'At fault',
    headTitle: 'Of those, ended by the provider’s fault',
    numeric: true,
    cell: (row) => formatCount(row.faults),
  },
  {
    head: 'TTFT over',
    headTitle: 'Over the promised time, of the samples for it',
    numeric: true,
    cell: (row) => ofSamples(row.ttftOver, row.ttftSamples),
  },
  {
    head: 'TPOT over',
    headTitle: 'Over the promised time, of the samples for it',
    numeric: true,
    cell: (row) => ofSamples(row.tpotOver, row.tpotSamples),
  },
  { head: 'Spent', numeric: true, cell: (row) => <Money microUsd={row.spentMicroUsd} /> },
  { head: 'Promises', cell: (row) => <Outcome row={row} /> },
  {
    head: 'Credited',
    numeric: true,
    cell: ({ creditMicroUsd }) => (creditMicroUsd ? <Money microUsd={creditMicroUsd} /> : '—'),
  },
  {
    head: 'Pooled in',
    cell: ({ countedTx }) => (countedTx ? <Hash value={countedTx} label="transaction that pooled the counts" /> : '—'),
  },
]

export function CountsTable({ counts }: { counts: readonly CountsView[] }) {
  return (
    <DataTable
      label="Counts"
      className="sm:min-w-[980px]"
      stacks
      columns={columns}
      rows={counts}
      rowKey={(row) => `${row.channelId}-${row.termsHash}`}
      empty={<EmptyState title="No sample counts">None of its attempts in this epoch was one that counts.</EmptyState>}
    />
  )
}

const ofSamples = (over: number, samples: number): string =>
  samples === 0 ? '—' : `${formatCount(over)} of ${formatCount(samples)}`

function Outcome({ row: { broken, isPromised } }: { row: CountsView }) {
  if (broken === null) {
    return (
      <Badge icon={Clock} title="Pooled once the record is final; tested when the pool has 500 samples.">
        to be pooled
      </Badge>
    )
  }
  if (!isPromised) {
    return (
      <Badge icon={CircleDashed} title="The terms give nothing back, whatever the counts: they are not pooled.">
        none made
      </Badge>
    )
  }
  if (broken.length === 0) {
    return (
      <Badge icon={BadgeCheck} tone="good" title="No test so far found more misses than an honest provider may have.">
        none broken
      </Badge>
    )
  }
  return (
    <Badge icon={CircleX} tone="bad">
      broken: {broken.map((promise) => promiseWords[promise]).join(', ')}
    </Badge>
  )
}
