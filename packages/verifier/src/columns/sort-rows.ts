/**
 * Indexes of rows, put in order where they stand. The sort of typed arrays copies them into objects when it is given a
 * comparator; this one (heapsort, Williams 1964) needs nothing beside the array.
 */

/** Sorts in place. `compare` must tell any two rows apart for the order to be one only: the sort is not stable. */
export function sortRows(rows: Uint32Array, compare: (a: number, b: number) => number): void {
  for (let root = (rows.length >> 1) - 1; root >= 0; root--) sink(rows, root, rows.length, compare)
  for (let end = rows.length - 1; end > 0; end--) {
    const last = rows[end] as number
    rows[end] = rows[0] as number
    rows[0] = last
    sink(rows, 0, end, compare)
  }
}

/** Every row from 0, in their order by `compare`. */
export function sortedRows(size: number, compare: (a: number, b: number) => number): Uint32Array {
  const rows = new Uint32Array(size)
  for (let row = 0; row < size; row++) rows[row] = row
  sortRows(rows, compare)
  return rows
}

/** Lets the row at `root` sink below all that come after it, in the heap of the first `end` rows. */
function sink(rows: Uint32Array, root: number, end: number, compare: (a: number, b: number) => number): void {
  const row = rows[root] as number
  for (let at = root; ;) {
    let child = 2 * at + 1
    if (child + 1 < end && compare(rows[child] as number, rows[child + 1] as number) < 0) child++
    if (child >= end || compare(rows[child] as number, row) <= 0) {
      rows[at] = row
      return
    }
    rows[at] = rows[child] as number
    at = child
  }
}
