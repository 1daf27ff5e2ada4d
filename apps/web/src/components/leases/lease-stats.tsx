/** A lease in figures: where, for how much, until when, and what became of the money that was held. */
import type { LeaseDetail } from '@isochrone/services'
import { Link } from '~/components/ui/link.tsx'
import { Stats } from '~/components/ui/stat.tsx'
import { Money, TimeOfDay } from '~/components/ui/values.tsx'
import { formatAgo, formatMs, formatSpan, formatUtc, nodeLabel } from '~/lib/words/format.ts'

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
        {
          label: 'Cost so far',
          value: <Money microUsd={billedMicroUsd} />,
          hint: (
            <>
              at <Money microUsd={lease.perGpuHourMicroUsd} decimalsMin={2} /> per GPU and hour
            </>
          ),
        },
        releasedMicroUsd === null
          ? {
              label: 'Held',
              value: <Money microUsd={reservedMicroUsd - billedMicroUsd} />,
              hint: 'until it ends',
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
              value: <TimeOfDay at={endsAtMs} />,
              hint:
                endsAtMs === null
                  ? `${formatSpan(lease.durationMs)} after its engine is up`
                  : dayAndAgo(endsAtMs, nowMs),
            }
          : { label: 'Ended, UTC', value: <TimeOfDay at={endedAtMs} />, hint: dayAndAgo(endedAtMs, nowMs) },
        {
          label: 'Moved',
          value: lease.moves === 0 ? 'never' : lease.moves === 1 ? 'once' : `${lease.moves} times`,
          hint: 'to another node',
        },
        {
          label: 'Credited',
          value: lease.creditMs === 0 ? 'nothing' : <Money microUsd={lease.creditMicroUsd} />,
          hint:
            lease.creditMs === 0 ? 'no gap in its time' : `${formatMs(lease.creditMs)} not billed, added to its end`,
        },
      ]}
    />
  )
}

const dayAndAgo = (atMs: number, nowMs: number): string => `${formatUtc(atMs).slice(0, 10)}, ${formatAgo(atMs, nowMs)}`
