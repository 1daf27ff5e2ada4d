/** The terms that a lease receipt names, and its price taken apart: GPU time × price, rounded up once. */
import { formatUsd } from '@isochrone/domain'
import type { LeaseReceiptDetail } from '@isochrone/services'
import { TermsFacts } from '~/components/receipt/terms-facts.tsx'
import { Notice } from '~/components/ui/notice.tsx'
import { Table, Td, Th, Tr } from '~/components/ui/table.tsx'
import { Hash, Money } from '~/components/ui/values.tsx'
import { formatCount } from '~/lib/format.ts'
import { leasePriceOf } from '~/lib/lease-price.ts'

export function LeasePricePanel({ receipt: { fields, gpuMs, terms, priceMicroUsd } }: { receipt: LeaseReceiptDetail }) {
  if (!terms?.values) {
    return (
      <Notice>
        The terms <Hash value={String(fields.termsHash)} label="terms hash" /> are not at hand here: the epoch file has
        them.
      </Notice>
    )
  }
  const perGpuHour = BigInt(terms.values.perGpuHour ?? 0)
  return (
    <div className="grid grid-cols-[minmax(0,1fr)] items-start gap-4 xl:grid-cols-[minmax(0,1fr)_minmax(0,26rem)]">
      <div className="min-w-0">
        <Table label="The price, line by line" className="min-w-[480px]">
          <thead>
            <tr>
              <Th>Billed</Th>
              <Th numeric>GPU time, ms</Th>
              <Th numeric>Price</Th>
              <Th numeric>Amount, µUSD</Th>
            </tr>
          </thead>
          <tbody>
            <Tr>
              <Td>GPU time</Td>
              <Td numeric>{formatCount(gpuMs)}</Td>
              <Td numeric>
                {formatUsd(perGpuHour)} <span className="text-ink-3">/ 3,600,000 ms</span>
              </Td>
              <Td numeric>{formatCount(leasePriceOf(BigInt(gpuMs), perGpuHour))}</Td>
            </Tr>
            <Tr className="font-medium">
              <Td colSpan={3}>Charged, rounded up once</Td>
              <Td numeric>
                <Money microUsd={priceMicroUsd} />
              </Td>
            </Tr>
          </tbody>
        </Table>
      </div>
      <TermsFacts terms={terms} values={terms.values} />
    </div>
  )
}
