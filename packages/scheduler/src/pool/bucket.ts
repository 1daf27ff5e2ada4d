/**
 * A price level: its cells side by side in typed arrays, indexed by place, so that a policy or a draw walks through
 * them without touching an object. Bit sets say which places have open slots and which have slots with slack.
 */
import type { ReplicaOffer } from '../offer.ts'
import type { CellArena } from './cell-arena.ts'

/** The attributes that a policy's fixed constraints look at. */
export interface CellClass {
  id: number
  key: string
  country: string
  region: string
  trust: ReplicaOffer['trust']
  dataPolicy: ReplicaOffer['dataPolicy']
  gpuClass: string
  modelHash: string
  /** ⌊log2⌋ of the longest context. */
  contextClass: number
}

/** What of a cell is only needed when it changes. */
export interface Cell {
  key: string
  hash: number
  class: CellClass
  levelIn: number
  levelOut: number
  bucket: Bucket
  place: number
  /** Slots [0, sorted) are in order of hashed id. */
  sorted: number
  /** log2 of its room in the slab. */
  room: number
}

export class Bucket {
  readonly level: number
  /** Its place among the index's buckets. */
  rank = 0
  /** By place. Empty cells stay until the next ordering. */
  cells: Cell[] = []
  /** Cells [0, ordered) are in canonical order. */
  ordered = 0
  /** Cells that replicas have joined since their slots were put in order. */
  readonly unsorted: Cell[] = []
  /** Changes when places do. */
  version = 1
  /** Grows with each arrival and departure. */
  moves = 0
  open = 0
  slack = 0
  /** Its region in the arena, and views of it, by place and by word: see `CellArena`. */
  base = 0
  size = 0
  classes = new Int32Array(0)
  levelsIn = new Int16Array(0)
  levelsOut = new Int16Array(0)
  starts = new Int32Array(0)
  counts = new Int32Array(0)
  opens = new Int32Array(0)
  slacks = new Int32Array(0)
  openBits = new Uint32Array(0)
  slackBits = new Uint32Array(0)
  readonly #arena: CellArena

  constructor(level: number, arena: CellArena) {
    this.level = level
    this.#arena = arena
    arena.adopt(this)
  }

  /** Words of bits that its cells take. */
  get words(): number {
    return (this.cells.length + 31) >>> 5
  }

  /** Adds an empty cell at the end. */
  push(cell: Cell, start: number): void {
    const place = this.cells.length
    if (place === this.size) {
      this.#arena.double(this)
      this.version++
    }
    this.cells.push(cell)
    this.#fill(cell, place, start)
    this.counts[place] = this.opens[place] = this.slacks[place] = 0
    this.#setBits(place)
  }

  /** Adds to the open and slack slots of a place. */
  count(place: number, open: number, slack: number): void {
    this.open += open
    this.slack += slack
    this.opens[place] = (this.opens[place] as number) + open
    this.slacks[place] = (this.slacks[place] as number) + slack
    this.#setBits(place)
  }

  /** Canonical order by hash, without the empty cells, which are returned with the starts of their rooms. */
  order(): { cell: Cell; start: number }[] {
    const [starts, counts] = [this.starts.slice(), this.counts.slice()]
    const [opens, slacks] = [this.opens.slice(), this.slacks.slice()]
    const kept = this.cells.filter((cell) => (counts[cell.place] as number) > 0)
    const empty = this.cells.filter((cell) => counts[cell.place] === 0)
    const gone = empty.map((cell) => ({ cell, start: starts[cell.place] as number }))
    kept.sort((a, b) => a.hash - b.hash || (a.key < b.key ? -1 : 1))
    this.openBits.fill(0)
    this.slackBits.fill(0)
    for (const [place, cell] of kept.entries()) {
      const from = cell.place
      this.#fill(cell, place, starts[from] as number)
      this.counts[place] = counts[from] as number
      this.opens[place] = opens[from] as number
      this.slacks[place] = slacks[from] as number
      this.#setBits(place)
    }
    this.cells = kept
    this.ordered = kept.length
    this.version++
    return gone
  }

  #fill(cell: Cell, place: number, start: number): void {
    cell.place = place
    this.classes[place] = cell.class.id
    this.levelsIn[place] = cell.levelIn
    this.levelsOut[place] = cell.levelOut
    this.starts[place] = start
  }

  #setBits(place: number): void {
    const word = place >>> 5
    const bit = 1 << (place & 31)
    const open = this.openBits[word] as number
    const slack = this.slackBits[word] as number
    this.openBits[word] = (this.opens[place] as number) > 0 ? open | bit : open & ~bit
    this.slackBits[word] = (this.slacks[place] as number) > 0 ? slack | bit : slack & ~bit
  }
}
