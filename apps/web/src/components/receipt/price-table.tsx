/** A price taken apart, beside the terms that it follows from; rows are the receipt's own. */
import type { TermsView } from '@isochrone/services'
import type { ReactNode } from 'react'
import { Notice } from '~/components/ui/notice.tsx'
import { Table, Td, Th, Tr } from '~/components/ui/table.tsx'
import { Hash, Money } from '~/components/ui/values.tsx'
import type { Fields } from '~/lib/verify/signed-structs.ts'
import { TermsFacts } from './terms-facts.tsx'

export interface PriceTableProps {
  terms: TermsView | null
  /** As signed: named where the terms themselves are not known. */
  termsHash: string
  /** What is counted, and its unit. */
  counted: string
  rows: (values: Fields) => ReactNode
  total: { label: string; microUsd: bigint }
}

export function PriceTable({ terms, termsHash, counted, rows, total }: PriceTableProps) {
  if (!terms?.values) {
    return (
      <Notice>
        The terms <Hash value={termsHash} label="terms hash" /> are not at hand here: the epoch file has them.
      </Notice>
    )
  }
  return (
    <div className="grid grid-cols-[minmax(0,1fr)] items-start gap-4 xl:grid-cols-[minmax(0,1fr)_minmax(0,26rem)]">
      <div className="min-w-0">
        <Table label="The price, line by line" className="min-w-[480px]">
          <thead>
            <tr>
              <Th>Billed</Th>
              <Th numeric>{counted}</Th>
              <Th numeric>Price</Th>
              <Th numeric>Amount, µUSD</Th>
            </tr>
          </thead>
          <tbody>
            {rows(terms.values)}
            <Tr className="font-medium">
              <Td colSpan={3}>{total.label}</Td>
              <Td numeric>
                <Money microUsd={total.microUsd} />
              </Td>
            </Tr>
          </tbody>
        </Table>
      </div>
      <TermsFacts terms={terms} values={terms.values} />
    </div>
  )
}
