/**
 * Reads a CSV file into typed rows by a table of columns; the first bad value refuses the file.
 *
 * Columns that are not asked for are ignored, in any order. CRLF, a byte-order mark and a missing last newline are fine.
 */
import { CsvError, parse } from 'csv-parse/sync'
import { dataError, quoted, readDataFile } from './data-file.ts'
import type { Field } from './fields.ts'

export type Columns = Readonly<Record<string, Field<unknown>>>
export type Row<C extends Columns> = { [K in keyof C]: C[K] extends Field<infer T> ? T : never } & {
  /** Line in the file, the header being 1. */
  line: number
}

/**
 * Every row of the file, in its order.
 *
 * @param check a last look at each row: returns the problem and its field, or nothing
 * @throws AppError invalid_input naming file, line and field
 */
export function readTable<C extends Columns>(
  file: string,
  columns: C,
  check?: (row: Row<C>, previous: Row<C> | undefined) => { field: keyof C & string; problem: string } | undefined,
): Row<C>[] {
  const rows: Row<C>[] = []
  let places: { name: string; field: Field<unknown>; at: number }[] | undefined
  let width = 0
  const take = (record: string[], line: number) => {
    if (!places) {
      places = placesOf(file, record, columns)
      width = record.length
      return
    }
    if (record.length !== width) throw dataError(file, { line }, `expected ${width} fields, got ${record.length}`)
    const row: Record<string, unknown> = { line }
    for (const { name, field, at } of places) {
      const given = (record[at] as string).trim()
      const value = field.parse(given)
      if (value === undefined)
        throw dataError(file, { line, field: name }, `expected ${field.expected}, got ${quoted(given)}`)
      row[name] = value
    }
    const problem = check?.(row as Row<C>, rows.at(-1))
    if (problem) throw dataError(file, { line, field: problem.field }, problem.problem)
    rows.push(row as Row<C>)
  }
  try {
    parse(readDataFile(file), {
      relax_column_count: true,
      skip_empty_lines: true,
      on_record: (record: string[], { lines }) => {
        take(record, lines)
        return null
      },
    })
  } catch (cause) {
    if (!(cause instanceof CsvError)) throw cause
    const line = typeof cause.lines === 'number' ? { line: cause.lines } : {}
    throw dataError(file, line, 'a quoted field is not closed or not quoted properly', cause)
  }
  if (rows.length === 0) throw dataError(file, { line: 2 }, 'there is no row below the header')
  return rows
}

function placesOf(file: string, header: readonly string[], columns: Columns) {
  const names = header.map((name) => name.trim())
  return Object.entries(columns).map(([name, field]) => {
    const at = names.indexOf(name)
    if (at < 0)
      throw dataError(file, { line: 1, field: name }, `the column is missing; found ${quoted(names.join(','))}`)
    return { name, field, at }
  })
}
