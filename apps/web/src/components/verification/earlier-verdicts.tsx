/** Verdicts that newer ones came after, folded away; why there are none, where there are none. */
import type { PastVerdict } from '@isochrone/services'
import { VerdictBadge } from '~/components/status.tsx'
import { DataTable } from '~/components/ui/data-table.tsx'
import { EmptyState } from '~/components/ui/empty-state.tsx'
import { Utc } from '~/components/ui/values.tsx'
import { formatCount } from '~/lib/words/format.ts'

export interface EarlierVerdictsProps {
  label: string
  verdicts: readonly PastVerdict[]
  /** Of a check by its kind. */
  nameOf: (kind: string) => string
}

export function EarlierVerdicts({ label, verdicts, nameOf }: EarlierVerdictsProps) {
  return (
    <details className="mt-3">
      <summary className="cursor-pointer text-ink-2">
        {label} ({formatCount(verdicts.length)})
      </summary>
      <div className="mt-2">
        <DataTable
          label={label}
          className="sm:min-w-[640px]"
          stacks
          rows={verdicts}
          rowKey={({ kind, checkedAtMs }) => `${kind} ${checkedAtMs}`}
          columns={[
            { head: 'Check', className: 'whitespace-nowrap', cell: ({ kind }) => nameOf(kind) },
            { head: 'Verdict', cell: ({ verdict }) => <VerdictBadge verdict={verdict} /> },
            { head: 'Finding', className: 'max-sm:col-span-2', cell: ({ finding }) => finding },
            { head: 'Checked, UTC', cell: ({ checkedAtMs }) => <Utc at={checkedAtMs} bare /> },
          ]}
          empty={
            <EmptyState title="None before these">
              Each check is made again before its verdict runs out; the verdicts of before are kept here, the last five
              of each check.
            </EmptyState>
          }
        />
      </div>
    </details>
  )
}
