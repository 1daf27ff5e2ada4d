/** A payout as the contract made it: when, and gross, fee and net with its transaction. */
import type { PayoutOfEpoch } from '@isochrone/services'
import type { Column } from '~/components/ui/data-table.tsx'
import { Hash, Money, Utc } from '~/components/ui/values.tsx'

export const payoutTime: Column<PayoutOfEpoch> = { head: 'Paid, UTC', cell: (payout) => <Utc at={payout.atMs} bare /> }

export const payoutAmounts: readonly Column<PayoutOfEpoch>[] = [
  { head: 'Gross', numeric: true, cell: (payout) => <Money microUsd={payout.grossMicroUsd} /> },
  { head: 'Fee', numeric: true, cell: (payout) => <Money microUsd={payout.feeMicroUsd} /> },
  { head: 'Net', numeric: true, cell: (payout) => <Money microUsd={payout.netMicroUsd} /> },
  { head: 'Transaction', cell: (payout) => <Hash value={payout.txHash} label="payout transaction" /> },
]
