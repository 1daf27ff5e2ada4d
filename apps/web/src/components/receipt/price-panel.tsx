/** The terms that a receipt names, and its price taken apart: count × price, line by line, rounded up once. */
import { formatUsd } from '@isochrone/domain'
import type { ReceiptView } from '@isochrone/services'
import { Notice } from '~/components/ui/notice.tsx'
import { Table, Td, Th, Tr } from '~/components/ui/table.tsx'
import { Hash, Money } from '~/components/ui/values.tsx'
import { formatCount } from '~/lib/format.ts'
import { formatNanoMicroUsd, priceLines } from '~/lib/price-lines.ts'
import { TermsFacts } from './terms-facts.tsx'

export function PricePanel({ receipt: { delivery, terms, priceMicroUsd, fault } }: { receipt: ReceiptView }) {
  if (!terms?.values) {
    return (
      <Notice>
        The terms <Hash value={String(delivery.termsHash)} label="terms hash" /> are not at hand here: the epoch file
        has them.
      </Notice>
    )
  }
  const sum = priceLines(delivery, terms.values)
  const free = priceMicroUsd === 0n && fault !== 'none'
  return (
    <div className="grid grid-cols-[minmax(0,1fr)] items-start gap-4 xl:grid-cols-[minmax(0,1fr)_minmax(0,26rem)]">
      <div className="min-w-0">
        <Table label="The price, line by line" className="min-w-[480px]">
          <thead>
            <tr>
              <Th>Billed</Th>
              <Th numeric>Count</Th>
              <Th numeric>Price</Th>
              <Th numeric>Amount, µUSD</Th>
            </tr>
          </thead>
          <tbody>
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
            <Tr className="font-medium">
              <Td colSpan={3}>{free ? 'Charged: the attempt failed' : 'Rounded up once'}</Td>
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
