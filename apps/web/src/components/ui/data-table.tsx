/**
 * A table from a list of columns: a column's head stands beside its cell, so the two cannot come apart.
 *
 * It draws with table.tsx and holds no state: pages on the server and client components use it alike. A table whose rows
 * are of several kinds (groups, sums, cells that span columns) is written out with table.tsx instead.
 */
import type { Key, ReactNode } from 'react'
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

export function DataTable<Row>({ label, className, rows, rowKey, rowClassName, empty, ...rest }: DataTableProps<Row>) {
  const columns = columnsOf(rest)
  if (rows.length === 0 && empty !== undefined) return empty
  return (
    <Table label={label} className={className}>
      <Head columns={columns} />
      <tbody>
        {rows.map((row) => (
          <Tr key={rowKey(row)} className={forRow(rowClassName, row)}>
            {columns.map(({ numeric, className, cell, cellTitle }, index) => (
              <Td key={index} numeric={numeric} className={forRow(className, row)} title={cellTitle?.(row)}>
                {cell(row)}
              </Td>
            ))}
          </Tr>
        ))}
      </tbody>
    </Table>
  )
}

type SkeletonProps<Row> = Pick<DataTableProps<Row>, 'label' | 'className' | 'columns' | 'actions'>

/** The same table while its first rows are on their way, with room for as many as it will show. */
export function DataTableSkeleton<Row>({ label, className, rows, ...rest }: SkeletonProps<Row> & { rows?: number }) {
  const columns = columnsOf(rest)
  return (
    <Table label={`${label}, being loaded`} className={className}>
      <Head columns={columns} />
      <tbody>
        <SkeletonRows columns={columns.length} rows={rows} />
      </tbody>
    </Table>
  )
}

function Head<Row>({ columns }: { columns: readonly Column<Row>[] }) {
  return (
    <thead>
      <tr>
        {columns.map(({ head, headTitle, headClassName, numeric, sort }, index) => (
          <Th key={index} numeric={numeric} sort={sort} title={headTitle} className={headClassName}>
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
