/** What a step would do on the chain as it is: its course, and every balance before and after. */
import type { Rehearsal } from '@isochrone/services'
import { CircleCheck, CircleX } from 'lucide-react'
import { DataTable } from '~/components/ui/data-table.tsx'
import { Money } from '~/components/ui/values.tsx'
import { formatCount } from '~/lib/words/format.ts'

export function RehearsalView({ rehearsal }: { rehearsal: Rehearsal }) {
  return (
    <div className="flex flex-col gap-2">
      <p className="font-medium">Rehearsed on block {formatCount(rehearsal.blockNumber)}; nothing is signed yet</p>
      <ol className="flex flex-col gap-1">
        {rehearsal.steps.map(({ label, refusal }) => (
          <li key={label} className="flex items-start gap-1.5">
            {refusal === null ? (
              <CircleCheck aria-hidden className="mt-0.5 size-4 shrink-0 text-good" />
            ) : (
              <CircleX aria-hidden className="mt-0.5 size-4 shrink-0 text-bad" />
            )}
            <span>
              {label}
              {refusal === null ? <span className="sr-only"> (goes through)</span> : `: ${refusal}`}
            </span>
          </li>
        ))}
      </ol>
      <DataTable
        label="Balances before and after"
        rows={rehearsal.balances}
        rowKey={({ holder }) => holder}
        columns={[
          { head: 'Balance', cell: ({ holder }) => holder },
          { head: 'Before', numeric: true, cell: ({ beforeMicroUsd }) => <Money microUsd={beforeMicroUsd} /> },
          { head: 'After', numeric: true, cell: ({ afterMicroUsd }) => <Money microUsd={afterMicroUsd} /> },
          {
            head: 'Change',
            numeric: true,
            cell: ({ beforeMicroUsd, afterMicroUsd }) => <Change microUsd={afterMicroUsd - beforeMicroUsd} />,
          },
        ]}
      />
    </div>
  )
}

function Change({ microUsd }: { microUsd: bigint }) {
  if (microUsd === 0n) return <span className="text-ink-3">unchanged</span>
  return (
    <span className={microUsd > 0n ? 'text-good' : 'text-bad'}>
      {microUsd > 0n && '+'}
      <Money microUsd={microUsd} />
    </span>
  )
}
