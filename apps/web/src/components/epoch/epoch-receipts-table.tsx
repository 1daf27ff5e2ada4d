/** Receipts of an epoch, in the order of their numbers. */
import type { ReceiptListItem } from '@isochrone/services'
import Link from 'next/link'
import { FaultBadge } from '~/components/status.tsx'
import { Table, Td, Th, Tr } from '~/components/ui/table.tsx'
import { Hash, Money, Utc } from '~/components/ui/values.tsx'
import { formatCount, formatMs, nodeLabel, shortHash, addressOf } from '~/lib/format.ts'

export function EpochReceiptsTable({ lane, receipts }: { lane: string; receipts: readonly ReceiptListItem[] }) {
  return (
    <Table label="Receipts" className="min-w-[880px]">
      <thead>
        <tr>
          <Th numeric>Number</Th>
          <Th>Started, UTC</Th>
          <Th>Node</Th>
          <Th>Channel</Th>
          <Th numeric>Tokens in</Th>
          <Th numeric>Cached</Th>
          <Th numeric>Out</Th>
          <Th numeric>TTFT</Th>
          <Th>Fault</Th>
          <Th numeric>Price</Th>
        </tr>
      </thead>
      <tbody>
        {receipts.map((receipt) => (
          <Tr key={receipt.seq}>
            <Td numeric>
              <Link className="link" href={`/receipts/${lane}/${receipt.seq}`}>
                {formatCount(receipt.seq)}
              </Link>
            </Td>
            <Td>
              <Utc at={receipt.startedAtMs} bare />
            </Td>
            <Td className="whitespace-nowrap">
              {receipt.node ? nodeLabel(receipt.node) : shortHash(addressOf(receipt.nodeId))}
            </Td>
            <Td>
              <Hash value={receipt.channelId} label="channel id" />
            </Td>
            <Td numeric>{formatCount(receipt.tokensIn)}</Td>
            <Td numeric>{formatCount(receipt.tokensCached)}</Td>
            <Td numeric>{formatCount(receipt.tokensOut)}</Td>
            <Td numeric>{receipt.tokensOut > 0 ? formatMs(receipt.ttftMs) : '—'}</Td>
            <Td>
              <FaultBadge fault={receipt.fault} />
            </Td>
            <Td numeric>
              <Money microUsd={receipt.priceMicroUsd} />
            </Td>
          </Tr>
        ))}
      </tbody>
    </Table>
  )
}
