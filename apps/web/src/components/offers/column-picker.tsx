/** Which columns of the list are shown: links, so that the choice is in the URL and works without JavaScript. */
import { Link } from '~/components/ui/link.tsx'
import { Check, Columns3 } from 'lucide-react'
import { hrefWith } from '~/lib/page/search.ts'
import { offerColumns, usualColumns, type OfferColumn } from '~/lib/market/offer-query.ts'

export interface ColumnPickerProps {
  columns: ReadonlySet<OfferColumn>
  search: Record<string, string | undefined>
}

export function ColumnPicker({ columns, search }: ColumnPickerProps) {
  const all = Object.keys(offerColumns) as OfferColumn[]
  const hrefOf = (toggled: OfferColumn) => {
    const next = all.filter((column) => columns.has(column) !== (column === toggled))
    const cols = next.join(',')
    return hrefWith('/', search, { cols: cols === usualColumns(search).join(',') ? undefined : cols })
  }
  return (
    <details className="relative">
      <summary className="inline-flex h-7 list-none items-center gap-1.5 rounded-md border border-line bg-raised px-2 text-xs font-medium hover:bg-hover">
        <Columns3 aria-hidden className="size-3.5" /> Columns
      </summary>
      <ul className="absolute right-0 z-20 mt-1 w-48 rounded-md border border-line bg-raised p-1 shadow-[0_8px_24px_var(--shadow)]">
        {all.map((column) => (
          <li key={column}>
            <Link
              href={hrefOf(column)}
              scroll={false}
              replace
              className="flex h-8 items-center gap-2 rounded px-2 hover:bg-hover"
            >
              <span className="inline-flex w-4">
                {columns.has(column) && <Check aria-hidden className="size-3.5" />}
              </span>
              {offerColumns[column]}
              <span className="sr-only">{columns.has(column) ? ', shown: hide' : ', hidden: show'}</span>
            </Link>
          </li>
        ))}
      </ul>
    </details>
  )
}
