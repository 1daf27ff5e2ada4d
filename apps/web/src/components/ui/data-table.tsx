/**
 * A table from a list of columns: a column's head stands beside its cell, so the two cannot come apart.
 *
 * It draws with table.tsx and holds no state: pages on the server and client components use it alike. A table whose rows
 * are of several kinds (groups, sums, cells that span columns) is written out with table.tsx instead.
 */
import type { Key, ReactNode } from 'react'
import { cn } from '~/lib/cn.ts'
import { SkeletonRows, Table, Td, Th, Tr, type ThProps } from './table.tsx'

/** Fixed for every row, or worked out for each. */
type ForRow<Row, Value> = Value | ((row: Row) => Value)

export interface Column<Row> extends Pick<ThProps, 'numeric' | 'sort'> {
  head: ReactNode
  headTitle?: string
  headClassName?: string
  cell: (row: Row) => ReactNode
  cellTitle?: (row: Row) => string
  /** Of the cells. */
  className?: ForRow<Row, string | undefined>
}

export interface DataTableProps<Row> {
  /** Names the table and the region in which it scrolls. */
  label: string
  /** Of the table: its least width. */
  className?: string
  /**
   * On a phone each row is a card of two columns, its first cell on top: for tables of many columns. Browsers forget that a table is one
   * when its parts are laid out otherwise, so each part says what it is.
   */
  stacks?: true
  /** From left to right; `false` leaves one out. */
  columns: readonly (Column<Row> | false)[]
  rows: readonly Row[]
  rowKey: (row: Row) => Key
  rowClassName?: ForRow<Row, string | undefined>
  /** A last column of buttons, whose head only screen readers see. */
  actions?: (row: Row) => ReactNode
  /** In place of a table without rows: why there are none, and what to do. */
  empty?: ReactNode
}

export function DataTable<Row>(props: DataTableProps<Row>) {
  const { label, className, stacks, rows, rowKey, rowClassName, empty, ...rest } = props
  const columns = columnsOf(rest)
  if (rows.length === 0 && empty !== undefined) return empty
  return (
    <Table label={label} className={className} stacks={stacks}>
      <Head columns={columns} stacks={stacks} />
      <tbody role={stacks && 'rowgroup'} className={cn(stacks && 'max-sm:block')}>
        {rows.map((row) => (
          <Tr key={rowKey(row)} role={stacks && 'row'} className={cn(stacks && card, forRow(rowClassName, row))}>
            {columns.map(({ head, numeric, className, cell, cellTitle }, index) => (
              <Td
                key={index}
                role={stacks && 'cell'}
                numeric={numeric}
                className={cn(stacks && (index === 0 ? cardTop : cardCell), forRow(className, row))}
                title={cellTitle?.(row)}
              >
                {stacks && index > 0 ? (
                  <>
                    <div aria-hidden className="text-xs text-ink-3 sm:hidden">
                      {head}
                    </div>
                    <div>{cell(row)}</div>
                  </>
                ) : (
                  cell(row)
                )}
              </Td>
            ))}
          </Tr>
        ))}
      </tbody>
    </Table>
  )
}

const card = 'max-sm:grid max-sm:grid-cols-2 max-sm:gap-x-4 max-sm:gap-y-2 max-sm:px-3 max-sm:py-3'
const cardCell = 'max-sm:block max-sm:h-auto max-sm:min-w-0 max-sm:p-0 max-sm:text-left'
const cardTop = `${cardCell} max-sm:col-span-2`

type SkeletonProps<Row> = Pick<DataTableProps<Row>, 'label' | 'className' | 'stacks' | 'columns' | 'actions'>

/** The same table while its first rows are on their way, with room for as many as it will show. */
export function DataTableSkeleton<Row>(props: SkeletonProps<Row> & { rows?: number }) {
  const { label, className, stacks, rows, ...rest } = props
  const columns = columnsOf(rest)
  return (
    <Table label={`${label}, being loaded`} className={className} stacks={stacks}>
      <Head columns={columns} stacks={stacks} />
      <tbody>
        <SkeletonRows columns={columns.length} rows={rows} />
      </tbody>
    </Table>
  )
}

/** Above cards it is there for screen readers alone, without the links that sort: nobody sees where the focus is on one. */
function Head<Row>({ columns, stacks }: { columns: readonly Column<Row>[]; stacks: true | undefined }) {
  return (
    <thead role={stacks && 'rowgroup'} className={cn(stacks && 'max-sm:sr-only')}>
      <tr role={stacks && 'row'}>
        {columns.map(({ head, headTitle, headClassName, numeric, sort }, index) => (
          <Th
            key={index}
            role={stacks && 'columnheader'}
            numeric={numeric}
            sort={sort}
            sortsWide={stacks}
            title={headTitle}
            className={headClassName}
          >
            {head}
          </Th>
        ))}
      </tr>
    </thead>
  )
}

function columnsOf<Row>({ columns, actions }: Pick<DataTableProps<Row>, 'columns' | 'actions'>): Column<Row>[] {
  const shown = columns.filter((column) => column !== false)
  if (!actions) return shown
  return [...shown, { head: <span className="sr-only">Actions</span>, className: 'text-right', cell: actions }]
}

function forRow<Row>(value: ForRow<Row, string | undefined>, row: Row): string | undefined {
  return typeof value === 'function' ? value(row) : value
}
