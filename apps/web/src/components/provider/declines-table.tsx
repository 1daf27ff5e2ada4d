/** How many attempts a node declined because more prompts waited there than might, beside all that it was sent. */
import type { NodeDeclines } from '@isochrone/services'
import { Link } from '~/components/ui/link.tsx'
import { DataTable } from '~/components/ui/data-table.tsx'
import { formatCount, formatShare } from '~/lib/words/format.ts'

export function DeclinesTable({ rows }: { rows: readonly NodeDeclines[] }) {
  return (
    <DataTable
      label="Declined attempts"
      className="sm:min-w-[560px]"
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
        {
          head: 'Declined',
          numeric: true,
          cell: ({ declined, attempts }) => `${formatCount(declined)} (${formatShare(declined / attempts)})`,
        },
        { head: 'Tokens that waited', numeric: true, cell: ({ promptsAhead }) => formatCount(promptsAhead) },
        { head: 'Tokens that might', numeric: true, cell: ({ aheadMax }) => formatCount(aheadMax) },
      ]}
    />
  )
}
