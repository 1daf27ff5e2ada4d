/** Who and how much, of one receipt: the same two lists on every page that shows it. */
import type { ReceiptView } from '@isochrone/services'
import Link from 'next/link'
import { SimulatedBadge } from '~/components/status.tsx'
import { Facts } from '~/components/ui/facts.tsx'
import { Hash, Money } from '~/components/ui/values.tsx'
import { addressOf, formatCount, formatMs } from '~/lib/format.ts'
import { regionText } from '~/lib/promises.ts'

export function ReceiptFacts({ receipt }: { receipt: ReceiptView }) {
  const { delivery, node } = receipt
  const count = (field: string) => formatCount(Number(delivery[field] ?? 0))
  return (
    <div className="grid gap-3 lg:grid-cols-2">
      <Facts
        items={[
          [
            'Node',
            <span key="n" className="flex flex-wrap items-center gap-1.5">
              {node ? (
                <Link href={`/offers/${node.id}`} className="link">
                  {node.name}
                </Link>
              ) : (
                'unknown'
              )}
              {node?.simulated && <SimulatedBadge />}
              <Hash value={addressOf(receipt.nodeId)} label="node key" />
            </span>,
          ],
          ['Provider', node?.providerName ?? '—'],
          ['Gateway lane', <Hash key="l" value={addressOf(receipt.lane)} label="lane key" />],
          ['Gateway region', regionText(String(delivery.region ?? ''))],
          ['Payer’s channel', <Hash key="c" value={String(delivery.channelId)} label="channel id" />],
          ['Terms', <Hash key="t" value={String(delivery.termsHash)} label="terms hash" />],
        ]}
      />
      <Facts
        items={[
          ['Price', <Money key="p" microUsd={receipt.priceMicroUsd} className="font-semibold" />],
          ['Tokens billed', `${count('billedIn')} in · ${count('billedCached')} cached · ${count('billedOut')} out`],
          ['Bytes', `${count('bytesIn')} in · ${count('bytesOut')} out`],
          ['Attempt TTFT', formatMs(Number(delivery.attemptTtftMs))],
          ['Duration', formatMs(Number(delivery.durationMs))],
          [
            'Epoch',
            receipt.epoch === null ? (
              'still open'
            ) : (
              <Link key="e" className="link" href={`/epochs/${receipt.lane}/${receipt.epoch}`}>
                {receipt.epoch}
              </Link>
            ),
          ],
        ]}
      />
    </div>
  )
}
