/** A part of a list that is here already, for pages that must not grow with it. The cursor is how many rows come before. */
export interface RowPage<Row> {
  rows: Row[]
  nextCursor: string | null
}

/** The first rows where the cursor is none of ours: a hand-written URL is never an error. */
export function rowPage<Row>(all: readonly Row[], cursor: string | undefined, rowsMax: number): RowPage<Row> {
  const asked = /^\d{1,9}$/.test(cursor ?? '') ? Number(cursor) : 0
  const from = asked < all.length ? asked : 0
  const to = from + rowsMax
  return { rows: all.slice(from, to), nextCursor: to < all.length ? String(to) : null }
}
