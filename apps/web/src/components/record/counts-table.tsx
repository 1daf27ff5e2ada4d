/** A record's counts: samples and misses of each payer, against the promises of the terms that were in force. */
import type { BrokenPromise, CountsView } from '@isochrone/services'
import { BadgeCheck, CircleDashed, CircleX, Clock } from 'lucide-react'
import { Badge } from '~/components/ui/badge.tsx'
import { EmptyState } from '~/components/ui/empty-state.tsx'
import { Table, Td, Th, Tr } from '~/components/ui/table.tsx'
import { Hash, Money } from '~/components/ui/values.tsx'
import { formatCount } from '~/lib/format.ts'

const promiseWords: Record<BrokenPromise, string> = { availability: 'availability', ttft: 'TTFT', tpot: 'TPOT' }

export function CountsTable({ counts }: { counts: readonly CountsView[] }) {
  if (counts.length === 0) {
    return <EmptyState title="No sample counts">None of its attempts in this epoch was one that counts.</EmptyState>
  }
  return (
    <Table label="Counts" className="min-w-[980px]">
      <thead>
        <tr>
          <Th>Payer’s channel</Th>
          <Th>Terms</Th>
          <Th numeric title="Attempts that count for availability">
            Samples
          </Th>
          <Th numeric title="Of those, ended by the provider’s fault">
            At fault
          </Th>
          <Th numeric title="Over the promised time, of the samples for it">
            TTFT over
          </Th>
          <Th numeric title="Over the promised time, of the samples for it">
            TPOT over
          </Th>
          <Th numeric>Spent</Th>
          <Th>Promises</Th>
          <Th numeric>Credited</Th>
          <Th>Pooled in</Th>
        </tr>
      </thead>
      <tbody>
        {counts.map((row) => (
          <Tr key={`${row.channelId}-${row.termsHash}`}>
            <Td>
              <Hash value={row.channelId} label="channel id" />
            </Td>
            <Td>
              <Hash value={row.termsHash} label="terms hash" />
            </Td>
            <Td numeric>{formatCount(row.samples)}</Td>
            <Td numeric>{formatCount(row.faults)}</Td>
            <Td numeric>{ofSamples(row.ttftOver, row.ttftSamples)}</Td>
            <Td numeric>{ofSamples(row.tpotOver, row.tpotSamples)}</Td>
            <Td numeric>
              <Money microUsd={row.spentMicroUsd} />
            </Td>
            <Td>
              <Outcome row={row} />
            </Td>
            <Td numeric>{row.creditMicroUsd ? <Money microUsd={row.creditMicroUsd} /> : '—'}</Td>
            <Td>{row.countedTx ? <Hash value={row.countedTx} label="transaction that pooled the counts" /> : '—'}</Td>
          </Tr>
        ))}
      </tbody>
    </Table>
  )
}

const ofSamples = (over: number, samples: number): string =>
  samples === 0 ? '—' : `${formatCount(over)} of ${formatCount(samples)}`

function Outcome({ row: { broken, countedTx } }: { row: CountsView }) {
  if (broken === null) {
    return (
      <Badge icon={Clock} title="Pooled once the record is final; tested when the pool has 500 samples.">
        to be pooled
      </Badge>
    )
  }
  if (broken.length === 0 && countedTx === null) {
    return (
      <Badge icon={CircleDashed} title="The terms give nothing back, whatever the counts: they are not pooled.">
        none made
      </Badge>
    )
  }
  if (broken.length === 0) {
    return (
      <Badge icon={BadgeCheck} tone="good" title="No test so far found more misses than an honest provider may have.">
        none broken
      </Badge>
    )
  }
  return (
    <Badge icon={CircleX} tone="bad">
      broken: {broken.map((promise) => promiseWords[promise]).join(', ')}
    </Badge>
  )
}
