/**
 * Real tables: sticky header, 38 px rows, numbers right-aligned in tabular figures. A table that is wider than its page
 * scrolls inside its own focusable region, so that the page itself never moves sideways.
 */
import { Link } from '~/components/ui/link.tsx'
import type { ComponentProps, ReactNode } from 'react'
import { ArrowDown, ArrowUp } from 'lucide-react'
import { cn } from '~/lib/cn.ts'

export interface TableProps {
  label: string
  className?: string
  /** On a phone it is a list and grows with its page: see DataTable. */
  stacks?: true
  children: ReactNode
}

export function Table({ label, className, stacks, children }: TableProps) {
  return (
    <div
      role="region"
      aria-label={label}
      // Scrollable regions must be reachable by keyboard (WCAG 2.1.1); positioned, so that hidden labels scroll with it.
      tabIndex={0}
      className={cn(
        'relative max-h-[75vh] overflow-auto rounded-md border border-line bg-surface focus-visible:outline-offset-[-2px]',
        stacks && 'max-sm:max-h-none',
      )}
    >
      <table
        role={stacks && 'table'}
        className={cn('w-full border-collapse text-sm', stacks && 'max-sm:block', className)}
      >
        <caption className="sr-only">{label}</caption>
        {children}
      </table>
    </div>
  )
}

export interface ThProps extends Omit<ComponentProps<'th'>, 'align'> {
  numeric?: boolean
  /** Present on a sortable column: where a click leads, and how the column is sorted now. */
  sort?: { href: string; state: 'ascending' | 'descending' | 'none' }
  /** On a phone it says its name and sorts nothing. */
  sortsWide?: true
}

export function Th({ numeric, sort, sortsWide, className, children, ...rest }: ThProps) {
  return (
    <th
      scope="col"
      {...rest}
      aria-sort={sort && sort.state !== 'none' ? sort.state : undefined}
      className={cn(
        'sticky top-0 z-10 h-9 border-b border-line bg-sunken px-2.5 py-1 text-left text-xs font-medium whitespace-nowrap text-ink-3',
        numeric && 'text-right',
        className,
      )}
    >
      {sort ? (
        <>
          <Link
            href={sort.href}
            scroll={false}
            className={cn(
              'inline-flex items-center gap-1 hover:text-ink',
              sort.state !== 'none' && 'text-ink',
              sortsWide && 'max-sm:hidden',
            )}
          >
            {children}
            {sort.state === 'ascending' && <ArrowUp aria-hidden className="size-3" />}
            {sort.state === 'descending' && <ArrowDown aria-hidden className="size-3" />}
          </Link>
          {sortsWide && <span className="sm:hidden">{children}</span>}
        </>
      ) : (
        children
      )}
    </th>
  )
}

export function Tr({ className, ...rest }: ComponentProps<'tr'>) {
  return <tr {...rest} className={cn('border-b border-line last:border-b-0 hover:bg-hover', className)} />
}

export function Td({ numeric, className, ...rest }: Omit<ComponentProps<'td'>, 'align'> & { numeric?: boolean }) {
  return (
    <td
      {...rest}
      className={cn('h-[38px] px-2.5 py-1 align-middle', numeric && 'figures text-right whitespace-nowrap', className)}
    />
  )
}

/** Rows of the final height while the first data is on its way. */
export function SkeletonRows({ rows = 6, columns }: { rows?: number; columns: number }) {
  return Array.from({ length: rows }, (_, row) => (
    <tr key={row} className="border-b border-line last:border-b-0">
      {Array.from({ length: columns }, (_cell, column) => (
        <td key={column} className="h-[38px] px-3">
          <div
            className="h-3 animate-pulse rounded bg-line"
            style={{ width: `${45 + ((row * 7 + column * 13) % 40)}%` }}
          />
        </td>
      ))}
    </tr>
  ))
}
