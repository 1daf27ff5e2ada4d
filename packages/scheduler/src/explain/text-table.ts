/** Plain text columns for a terminal: text to the left, numbers to the right, two spaces between. */
export interface Column {
  title: string
  isNumber?: boolean
}

export function textTable(columns: readonly Column[], rows: readonly (readonly string[])[]): string {
  const widths = columns.map(({ title }, i) => Math.max(title.length, ...rows.map((row) => row[i]?.length ?? 0)))
  const line = (cells: readonly string[]): string =>
    columns
      .map(({ isNumber }, i) => {
        const cell = cells[i] ?? ''
        return isNumber ? cell.padStart(widths[i] ?? 0) : cell.padEnd(widths[i] ?? 0)
      })
      .join('  ')
      .trimEnd()
  return [line(columns.map(({ title }) => title)), ...rows.map(line)].join('\n')
}
