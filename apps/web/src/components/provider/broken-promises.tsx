/** What a provider's nodes broke of their promises, what it cost, and how a record that is wrong is contested. */
import type { BrokenPromiseView } from '@isochrone/services'
import { recordHref } from '~/components/epoch/records-table.tsx'
import { promiseWords } from '~/components/record/counts-table.tsx'
import { DataTable } from '~/components/ui/data-table.tsx'
import { Link } from '~/components/ui/link.tsx'
import { Section } from '~/components/ui/page-header.tsx'
import { Hash, Money } from '~/components/ui/values.tsx'
import { addressOf, formatCount, shortHash } from '~/lib/words/format.ts'

export function BrokenPromises({ broken }: { broken: readonly BrokenPromiseView[] }) {
  if (broken.length === 0) return null
  return (
    <Section
      title="Broken promises"
      description="Computed from counts that the lane signed, and credited out of your stake by the ledger. Whoever finds the counts of a record wrong contests it before it is final: three arbiters are drawn, and two decide."
    >
      <DataTable
        label="Broken promises"
        className="sm:min-w-[760px]"
        stacks
        rows={broken}
        rowKey={({ lane, epoch, nodeId, channelId }) => `${lane}${epoch}${nodeId}${channelId}`}
        columns={[
          {
            head: 'Record',
            cell: (row) => (
              <Link className="link whitespace-nowrap" href={recordHref(row)}>
                {row.node?.name ?? shortHash(addressOf(row.nodeId))}, epoch {row.epoch}
              </Link>
            ),
          },
          { head: 'Broken', cell: ({ promises }) => promises.map((promise) => promiseWords[promise]).join(', ') },
          { head: 'Payer’s channel', cell: ({ channelId }) => <Hash value={channelId} label="channel id" /> },
          {
            head: 'TTFT over, in that epoch',
            numeric: true,
            cell: ({ samples, ttftOver }) => `${formatCount(ttftOver)} of ${formatCount(samples)}`,
          },
          { head: 'Credited', numeric: true, cell: ({ creditMicroUsd }) => <Money microUsd={creditMicroUsd} /> },
          {
            head: 'Transaction',
            cell: ({ countedTx }) => (countedTx ? <Hash value={countedTx} label="transaction" /> : '—'),
          },
        ]}
      />
      <p className="mt-2">
        <Link className="link" href="/provider/claims?status=reported">
          Records that can be contested now
        </Link>
      </p>
    </Section>
  )
}
