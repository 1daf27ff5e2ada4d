/** How often a node's promises were missed, beside the share that may be, and what that led to. */
import type { NodeSlo } from '@isochrone/services'
import { Link } from '~/components/ui/link.tsx'
import { DataTable } from '~/components/ui/data-table.tsx'
import { Money } from '~/components/ui/values.tsx'
import { formatCount, formatShare } from '~/lib/words/format.ts'

export function SloTable({ rows }: { rows: readonly NodeSlo[] }) {
  return (
    <DataTable
      label="SLO standing"
      className="sm:min-w-[640px]"
      stacks
      rows={rows}
      rowKey={({ id }) => id}
      columns={[
        {
          head: 'Node',
          className: 'whitespace-nowrap',
          cell: ({ id, name }) => (
            <Link href={`/offers/${id}`} className="link">
              {name}
            </Link>
          ),
        },
        { head: 'Attempts', numeric: true, cell: ({ attempts }) => formatCount(attempts) },
        { head: 'At fault', numeric: true, cell: ({ faults, attempts }) => missed(faults, attempts) },
        { head: 'TTFT missed', numeric: true, cell: ({ ttft }) => missed(ttft.over, ttft.samples) },
        { head: 'TPOT missed', numeric: true, cell: ({ tpot }) => missed(tpot.over, tpot.samples) },
        {
          head: 'Breaches',
          numeric: true,
          className: ({ breaches }) => (breaches > 0 ? 'text-bad font-medium' : undefined),
          cell: ({ breaches }) => formatCount(breaches),
        },
        { head: 'Credited', numeric: true, cell: ({ creditMicroUsd }) => <Money microUsd={creditMicroUsd} /> },
      ]}
    />
  )
}

function missed(over: number, samples: number): string {
  return samples === 0 ? '—' : `${formatCount(over)} (${formatShare(over / samples)})`
}
