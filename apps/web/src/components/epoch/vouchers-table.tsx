/** The vouchers of an epoch, and what the chain paid on each. */
import type { VoucherView } from '@isochrone/services'
import { DataTable, type Column } from '~/components/ui/data-table.tsx'
import { EmptyState } from '~/components/ui/empty-state.tsx'
import { Hash, Money } from '~/components/ui/values.tsx'

const columns: Column<VoucherView>[] = [
  {
    head: 'Provider',
    cell: ({ providerName, providerId }) => providerName ?? <Hash value={providerId} label="provider id" />,
  },
  { head: 'Channel', cell: (voucher) => <Hash value={voucher.channelId} label="channel id" /> },
  { head: 'Owed in all', numeric: true, cell: (voucher) => <Money microUsd={voucher.cumulativeMicroUsd} /> },
  {
    head: 'Paid for this epoch',
    numeric: true,
    cell: ({ paidMicroUsd, skippedReason }) =>
      paidMicroUsd === null ? (skippedReason ?? 'not yet') : <Money microUsd={paidMicroUsd} />,
  },
  {
    head: 'Claim transaction',
    cell: ({ claimedTx }) => (claimedTx ? <Hash value={claimedTx} label="claim transaction" /> : '—'),
  },
]

export function VouchersTable({ vouchers }: { vouchers: readonly VoucherView[] }) {
  return (
    <DataTable
      label="Vouchers"
      className="sm:min-w-[720px]"
      stacks
      columns={columns}
      rows={vouchers}
      rowKey={(voucher) => `${voucher.channelId}-${voucher.providerId}`}
      empty={
        <EmptyState title="No vouchers">None of its receipts cost anything, so there is nothing to claim.</EmptyState>
      }
    />
  )
}
