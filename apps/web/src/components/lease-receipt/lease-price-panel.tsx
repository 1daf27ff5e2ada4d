/** The terms that a lease receipt names, and its price taken apart: GPU time × price, rounded up once. */
import { formatUsd } from '@isochrone/domain'
import type { LeaseReceiptDetail } from '@isochrone/services'
import { PriceTable } from '~/components/receipt/price-table.tsx'
import { Td, Tr } from '~/components/ui/table.tsx'
import { formatCount } from '~/lib/words/format.ts'
import { leasePriceOf } from '~/lib/money/lease-price.ts'
import type { Fields } from '~/lib/verify/signed-structs.ts'

export function LeasePricePanel({ receipt: { fields, gpuMs, terms, priceMicroUsd } }: { receipt: LeaseReceiptDetail }) {
  const rows = (values: Fields) => {
    const perGpuHour = BigInt(values.perGpuHour ?? 0)
    return (
      <Tr>
        <Td>GPU time</Td>
        <Td numeric>{formatCount(gpuMs)}</Td>
        <Td numeric>
          {formatUsd(perGpuHour)} <span className="text-ink-3">/ 3,600,000 ms</span>
        </Td>
        <Td numeric>{formatCount(leasePriceOf(BigInt(gpuMs), perGpuHour))}</Td>
      </Tr>
    )
  }
  return (
    <PriceTable
      terms={terms}
      termsHash={String(fields.termsHash)}
      counted="GPU time, ms"
      rows={rows}
      total={{ label: 'Charged, rounded up once', microUsd: priceMicroUsd }}
    />
  )
}
