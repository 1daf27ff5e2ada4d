/** The vouchers of an epoch, and what the chain paid on each. */
import type { VoucherView } from '@isochrone/services'
import { EmptyState } from '~/components/ui/empty-state.tsx'
import { Table, Td, Th, Tr } from '~/components/ui/table.tsx'
import { Hash, Money } from '~/components/ui/values.tsx'

export function VouchersTable({ vouchers }: { vouchers: readonly VoucherView[] }) {
  if (vouchers.length === 0) {
    return (
      <EmptyState title="No vouchers">None of its receipts cost anything, so there is nothing to claim.</EmptyState>
    )
  }
  return (
    <Table label="Vouchers" className="min-w-[720px]">
      <thead>
        <tr>
          <Th>Provider</Th>
          <Th>Channel</Th>
          <Th numeric>Owed in all</Th>
          <Th numeric>Paid for this epoch</Th>
          <Th>Claim transaction</Th>
        </tr>
      </thead>
      <tbody>
        {vouchers.map((voucher) => (
          <Tr key={`${voucher.channelId}-${voucher.providerId}`}>
            <Td>{voucher.providerName ?? <Hash value={voucher.providerId} label="provider id" />}</Td>
            <Td>
              <Hash value={voucher.channelId} label="channel id" />
            </Td>
            <Td numeric>
              <Money microUsd={voucher.cumulativeMicroUsd} />
            </Td>
            <Td numeric>
              {voucher.paidMicroUsd === null ? (
                (voucher.skippedReason ?? 'not yet')
              ) : (
                <Money microUsd={voucher.paidMicroUsd} />
              )}
            </Td>
            <Td>{voucher.claimedTx ? <Hash value={voucher.claimedTx} label="claim transaction" /> : '—'}</Td>
          </Tr>
        ))}
      </tbody>
    </Table>
  )
}
