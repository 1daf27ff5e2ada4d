/** Tables and numbers as the documents write them. */

/** A column of numbers. */
export const right = (title: string): Column => ({ title, isRight: true })
export type Column = { readonly title: string; readonly isRight: boolean }

/** @param columns texts are left-aligned columns. */
export function markdownTable(columns: readonly (string | Column)[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `|${cells.map((cell) => (cell === '' ? ' ' : ` ${cell} `)).join('|')}|`
  const titles = columns.map((column) => (typeof column === 'string' ? column : column.title))
  const marks = columns.map((column) => (typeof column === 'string' ? '---' : '---:'))
  return [line(titles), line(marks), ...rows.map(line)].join('\n')
}

/** A share as `99.973 %`. */
export const percent = (share: number, digits: number): string => `${(share * 100).toFixed(digits)} %`

/** USD per million tokens; a dash where nothing was accepted. */
export const dollars = (costPerMtok: number | null): string => (costPerMtok === null ? '–' : costPerMtok.toFixed(4))

/** A share over the bound as `+4.7 %`; a dash where nothing was accepted. */
export const over = (share: number | null, digits: number): string =>
  share === null ? '–' : `+${percent(share, digits)}`

export const wholeMs = (ms: number | null): string => (ms === null ? '–' : Math.round(ms).toLocaleString('en'))

/** Names of policies, ours in bold. */
export const named = (policy: string): string => (policy === 'isochrone' ? '**isochrone**' : policy)

export const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length
