/**
 * A column of numbers that grows as rows come: what is kept of a receipt takes its bytes and no object.
 *
 * It grows by chunks, which are never moved: no copy is ever held beside the original, and at most one chunk is empty.
 */
import { invariant } from '@isochrone/domain'

type Cells = Float64Array | Uint32Array | Uint8Array

const CHUNK_ROWS = 1_024
/** Indexes of rows are 32 bits. */
const ROWS_MAX = 2 ** 31

export class Column {
  readonly #Kind: new (length: number) => Cells
  #chunks: Cells[] = []
  #size = 0

  /** @param Kind what a cell can hold: a value outside it is cut as typed arrays cut. */
  constructor(Kind: new (length: number) => Cells) {
    this.#Kind = Kind
  }

  get size(): number {
    return this.#size
  }

  push(value: number): void {
    invariant(this.#size < ROWS_MAX, 'a column has at most 2^31 rows')
    const row = this.#size++ % CHUNK_ROWS
    if (row === 0) this.#chunks.push(new this.#Kind(CHUNK_ROWS))
    ;(this.#chunks.at(-1) as Cells)[row] = value
  }

  /** Of a row that there is. */
  at(index: number): number {
    return (this.#chunks[Math.floor(index / CHUNK_ROWS)] as Cells)[index % CHUNK_ROWS] as number
  }

  /** Gives the memory back. */
  clear(): void {
    this.#chunks = []
    this.#size = 0
  }
}
