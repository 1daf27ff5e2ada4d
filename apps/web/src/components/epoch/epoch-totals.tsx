/** What an epoch comes to: over all of it, however many rows its lists show. */
import { counted } from '@isochrone/domain'
import type { EpochDetail } from '@isochrone/services'
import { Stats, type StatItem } from '~/components/ui/stat.tsx'
import { Money, Utc } from '~/components/ui/values.tsx'
import { formatCount } from '~/lib/words/format.ts'

export function EpochTotals({ epoch }: { epoch: EpochDetail }) {
  const paid = epoch.vouchers.reduce((sum, { paidMicroUsd }) => sum + (paidMicroUsd ?? 0n), 0n)
  const final = epoch.records.filter(({ status }) => status === 'final').length
  const claimed = epoch.status === 'claimed' || epoch.status === 'settled'
  return (
    <Stats
      items={[
        { label: 'Sum of prices', value: <Money microUsd={epoch.sumMicroUsd} />, hint: `${epoch.sumMicroUsd} µUSD` },
        ...(epoch.corrections.count > 0 ? [correctionStat(epoch.corrections)] : []),
        {
          label: 'Claimed',
          value: claimed ? <Money microUsd={paid} /> : '—',
          hint: claimed ? 'from payers’ channels' : 'not yet',
        },
        {
          label: 'Receipts',
          value: formatCount(epoch.receipts),
          hint: `${formatCount(epoch.count)} leaves with the nodes’ halves`,
        },
        {
          label: 'Records final',
          value: `${final} of ${epoch.records.length}`,
          hint: epoch.records.length === 1 ? 'node' : 'nodes',
        },
        { label: 'Vouchers', value: formatCount(epoch.vouchers.length), hint: 'channel and provider' },
        { label: 'Closed, UTC', value: <Utc at={epoch.closedAtMs} bare /> },
      ]}
    />
  )
}

function correctionStat({ count, refundMicroUsd }: EpochDetail['corrections']): StatItem {
  return {
    label: 'Taken off by recounts',
    value: <Money microUsd={refundMicroUsd} />,
    hint: `${counted(count, 'receipt', 'receipts')}; stays with payers`,
  }
}
