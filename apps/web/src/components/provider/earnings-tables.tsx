/** What a provider earned by epoch, and what the chain paid out. */
import type { EarningsView } from '@isochrone/services'
import Link from 'next/link'
import { EpochStatusBadge } from '~/components/status.tsx'
import { EmptyState } from '~/components/ui/empty-state.tsx'
import { Section } from '~/components/ui/page-header.tsx'
import { Table, Td, Th, Tr } from '~/components/ui/table.tsx'
import { Hash, Money, Utc } from '~/components/ui/values.tsx'
import { formatCount } from '~/lib/format.ts'

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
        {earnings.epochs.length === 0 ? (
          <EmptyState title="No epoch has closed yet">
            What your nodes deliver is signed at once; an epoch gathers it and pays after the window.
          </EmptyState>
        ) : (
          <Table label="Earnings by epoch" className="min-w-[720px]">
            <thead>
              <tr>
                <Th>Closed, UTC</Th>
                <Th>Epoch</Th>
                <Th>Status</Th>
                <Th numeric>Receipts</Th>
                <Th numeric>Earned</Th>
                <Th>Without a record payable from, UTC</Th>
              </tr>
            </thead>
            <tbody>
              {earnings.epochs.map((epoch) => (
                <Tr key={`${epoch.lane}-${epoch.epoch}`}>
                  <Td>
                    <Utc at={epoch.closedAtMs} bare />
                  </Td>
                  <Td>
                    <Link className="link figures" href={`/epochs/${epoch.lane}/${epoch.epoch}`}>
                      {epoch.epoch}
                    </Link>
                  </Td>
                  <Td>
                    <EpochStatusBadge status={epoch.status} />
                  </Td>
                  <Td numeric>{formatCount(epoch.receipts)}</Td>
                  <Td numeric>
                    <Money microUsd={epoch.earnedMicroUsd} />
                  </Td>
                  <Td>
                    <Utc at={epoch.payableAtMs} bare />
                  </Td>
                </Tr>
              ))}
            </tbody>
          </Table>
        )}
      </Section>
      {earnings.payouts.length > 0 && (
        <Section title="Payouts" description="Net and fee, as the contract paid them.">
          <Table label="Payouts" className="min-w-[640px]">
            <thead>
              <tr>
                <Th>Paid, UTC</Th>
                <Th>Epoch</Th>
                <Th numeric>Gross</Th>
                <Th numeric>Fee</Th>
                <Th numeric>Net</Th>
                <Th>Transaction</Th>
              </tr>
            </thead>
            <tbody>
              {earnings.payouts.map((payout) => (
                <Tr key={`${payout.txHash}-${payout.epoch}`}>
                  <Td>
                    <Utc at={payout.atMs} bare />
                  </Td>
                  <Td className="figures">{payout.epoch}</Td>
                  <Td numeric>
                    <Money microUsd={payout.grossMicroUsd} />
                  </Td>
                  <Td numeric>
                    <Money microUsd={payout.feeMicroUsd} />
                  </Td>
                  <Td numeric>
                    <Money microUsd={payout.netMicroUsd} />
                  </Td>
                  <Td>
                    <Hash value={payout.txHash} label="payout transaction" />
                  </Td>
                </Tr>
              ))}
            </tbody>
          </Table>
        </Section>
      )}
    </>
  )
}
