/** What of a receipt is not paid because its text has fewer tokens: as signed, as recounted, and why. */
import type { PublicRecount } from '@isochrone/services'
import { Notice } from '~/components/ui/notice.tsx'
import { Table, Td, Th, Tr } from '~/components/ui/table.tsx'
import { Money } from '~/components/ui/values.tsx'
import { formatCount, formatUtc } from '~/lib/words/format.ts'

export function RecountPanel({ recount }: { recount: PublicRecount }) {
  const { billedIn, billedOut, recountedIn, recountedOut, priceMicroUsd, refundMicroUsd } = recount
  const isLate = refundMicroUsd === 0n
  return (
    <div className="flex flex-col gap-3">
      <Table label="Billed and recounted" className="min-w-[480px]">
        <thead>
          <tr>
            <Th>Tokens and price</Th>
            <Th numeric>Tokens in</Th>
            <Th numeric>Tokens out</Th>
            <Th numeric>Amount</Th>
          </tr>
        </thead>
        <tbody>
          <Tr>
            <Td>Billed, as signed</Td>
            <Td numeric>{formatCount(billedIn)}</Td>
            <Td numeric>{formatCount(billedOut)}</Td>
            <Td numeric>
              <Money microUsd={priceMicroUsd} />
            </Td>
          </Tr>
          <Tr>
            <Td>{isLate ? 'Recounted, too late' : 'Corrected'}</Td>
            <Td numeric>{formatCount(recountedIn)}</Td>
            <Td numeric>{formatCount(recountedOut)}</Td>
            <Td numeric>
              <Money microUsd={priceMicroUsd - refundMicroUsd} />
            </Td>
          </Tr>
          <Tr className="font-medium">
            <Td colSpan={3}>Stays with the payer</Td>
            <Td numeric>
              <Money microUsd={refundMicroUsd} />
            </Td>
          </Tr>
        </tbody>
      </Table>
      <Notice tone={isLate ? 'warn' : 'info'}>
        Counted with the tokenizer of {recount.model} on {formatUtc(recount.countedAtMs)}: fewer tokens than the node
        had signed for.{' '}
        {isLate
          ? 'The epoch was closed by then, so that the provider is paid in full; the payer can dispute the receipt.'
          : 'The receipt stands as it was signed; the lane’s voucher is lower by the difference, and the epoch file has a correction with this number. Its amount follows from the terms. The text is private: the count is the gateway’s word.'}
      </Notice>
    </div>
  )
}
