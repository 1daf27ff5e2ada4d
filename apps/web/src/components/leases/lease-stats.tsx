/** A lease in figures: where, for how much, until when, and what became of the money that was held. */
import type { LeaseDetail } from '@isochrone/services'
import Link from 'next/link'
import { Stats } from '~/components/ui/stat.tsx'
import { Money, Utc } from '~/components/ui/values.tsx'
import { formatAgo, formatMs, formatSpan, nodeLabel } from '~/lib/format.ts'

export function LeaseStats({ lease, nowMs }: { lease: LeaseDetail; nowMs: number }) {
  const { node, gpus, model, reservedMicroUsd, billedMicroUsd, releasedMicroUsd, endsAtMs, endedAtMs } = lease
  return (
    <Stats
      items={[
        {
          label: 'Node',
          value: node ? (
            <Link className="link" href={`/offers/${node.id}`}>
              {nodeLabel(node)}
            </Link>
          ) : (
            '—'
          ),
          hint: `${gpus} ${gpus === 1 ? 'GPU' : 'GPUs'}, ${model}`,
        },
        { label: 'Price', value: <Money microUsd={lease.perGpuHourMicroUsd} />, hint: 'per GPU and hour' },
        { label: 'Cost so far', value: <Money microUsd={billedMicroUsd} />, hint: 'the sum of its receipts' },
        releasedMicroUsd === null
          ? {
              label: 'Held',
              value: <Money microUsd={reservedMicroUsd - billedMicroUsd} />,
              hint: 'for the time that is left',
            }
          : {
              label: 'Given back',
              value: <Money microUsd={releasedMicroUsd} />,
              hint: (
                <>
                  of <Money microUsd={reservedMicroUsd} /> held
                </>
              ),
            },
        endedAtMs === null
          ? {
              label: 'Ends, UTC',
              value: <Utc at={endsAtMs} bare />,
              hint:
                endsAtMs === null
                  ? `${formatSpan(lease.durationMs)} after its engine is up`
                  : formatAgo(endsAtMs, nowMs),
            }
          : { label: 'Ended, UTC', value: <Utc at={endedAtMs} bare />, hint: formatAgo(endedAtMs, nowMs) },
        {
          label: 'Moved',
          value: lease.moves === 0 ? 'never' : lease.moves === 1 ? 'once' : `${lease.moves} times`,
          hint: 'to another node',
        },
        {
          label: 'Credited',
          value: <Money microUsd={lease.creditMicroUsd} />,
          hint:
            lease.creditMs === 0
              ? 'no time without an engine'
              : `${formatMs(lease.creditMs)} not billed, added to its end`,
        },
      ]}
    />
  )
}
