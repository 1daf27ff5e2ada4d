/** The terms that a receipt names, and its price taken apart: count × price, line by line, rounded up once. */
import { formatUsd } from '@isochrone/domain'
import type { ReceiptView } from '@isochrone/services'
import { Td, Tr } from '~/components/ui/table.tsx'
import { formatCount } from '~/lib/words/format.ts'
import { formatNanoMicroUsd, priceLines } from '~/lib/market/price-lines.ts'
import type { Fields } from '~/lib/verify/signed-structs.ts'
import { PriceTable } from './price-table.tsx'

export function PricePanel({ receipt: { delivery, terms, priceMicroUsd, fault } }: { receipt: ReceiptView }) {
  const free = priceMicroUsd === 0n && fault !== 'none'
  const rows = (values: Fields) => {
    const sum = priceLines(delivery, values)
    return (
      <>
        {sum.lines.map((line) => (
          <Tr key={line.label}>
            <Td>{line.label}</Td>
            <Td numeric>{formatCount(line.count)}</Td>
            <Td numeric>
              {formatUsd(line.priceMicroUsd)} <span className="text-ink-3">/ {line.per}</span>
            </Td>
            <Td numeric>{formatNanoMicroUsd(line.nanoMicroUsd)}</Td>
          </Tr>
        ))}
        <Tr className="font-medium">
          <Td colSpan={3}>Sum</Td>
          <Td numeric>{formatNanoMicroUsd(sum.nanoMicroUsd)}</Td>
        </Tr>
      </>
    )
  }
  return (
    <PriceTable
      terms={terms}
      termsHash={String(delivery.termsHash)}
      counted="Count"
      rows={rows}
      total={{ label: free ? 'Charged: the attempt failed' : 'Rounded up once', microUsd: priceMicroUsd }}
    />
  )
}
