/** What a provider earned by epoch, and what the chain paid out. */
import type { EarningsView } from '@isochrone/services'
import { Link } from '~/components/ui/link.tsx'
import { epochColumns, epochKey } from '~/components/epoch/epoch-columns.tsx'
import { payoutAmounts, payoutTime } from '~/components/money/payout-columns.tsx'
import { DataTable } from '~/components/ui/data-table.tsx'
import { EmptyState } from '~/components/ui/empty-state.tsx'
import { Section } from '~/components/ui/page-header.tsx'
import { Money, Utc } from '~/components/ui/values.tsx'

export function EarningsTables({ earnings }: { earnings: EarningsView }) {
  return (
    <>
      <Section
        title="Earnings by epoch"
        actions={
          <Link href="/provider/claims" className="link">
            Claims: record, release, payout
          </Link>
        }
      >
        <DataTable
          label="Earnings by epoch"
          className="sm:min-w-[720px]"
          stacks
          rows={earnings.epochs}
          rowKey={epochKey}
          columns={[
            ...epochColumns,
            { head: 'Earned', numeric: true, cell: (epoch) => <Money microUsd={epoch.earnedMicroUsd} /> },
            { head: 'Without a record payable from, UTC', cell: (epoch) => <Utc at={epoch.payableAtMs} bare /> },
          ]}
          empty={
            <EmptyState title="No epoch has closed yet">
              What your nodes deliver is signed at once; an epoch gathers it and pays after the window.
            </EmptyState>
          }
        />
      </Section>
      {earnings.payouts.length > 0 && (
        <Section title="Payouts" description="Net and fee, as the contract paid them.">
          <DataTable
            label="Payouts"
            className="sm:min-w-[640px]"
            stacks
            rows={earnings.payouts}
            rowKey={(payout) => `${payout.txHash}-${payout.epoch}`}
            columns={[
              payoutTime,
              { head: 'Epoch', className: 'figures', cell: (payout) => payout.epoch },
              ...payoutAmounts,
            ]}
          />
        </Section>
      )}
    </>
  )
}
