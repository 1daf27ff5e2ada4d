/**
 * A price level: its cells side by side in typed arrays, indexed by place, so that a policy or a draw walks through
 * them without touching an object. Bit sets say which places have open slots and which have slots with slack.
 *
 * Places are always in order of the cells' hashes, and no cell is empty: what arrived first leaves no trace. What
 * changed lately is logged, so that a compiled policy follows without looking at every cell.
 */
import type { ReplicaOffer } from '../offer.ts'
import { insertBit, removeBit } from './bits.ts'
import type { CellArena, CellRegion } from './cell-arena.ts'

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
  features: number | undefined
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

/** Changes that a bucket remembers: a policy that has missed more looks at all its cells again. */
export const LOGGED = 64
/** What was logged: another number of replicas at a place, a cell that came, a cell that left. */
export const [COUNTED, CAME, LEFT] = [0, 1, 2] as const

export class Bucket implements CellRegion {
  readonly level: number
  /** Its place among the index's buckets. */
  rank = 0
  /** By place, in canonical order. */
  readonly cells: Cell[] = []
  /** Cells that replicas have joined since their slots were put in order. */
  readonly unsorted: Cell[] = []
  /** Changes so far; change m is logged at m modulo `LOGGED`: what, at which place then, and of which cell. */
  changes = 0
  readonly logged = new Uint8Array(LOGGED)
  readonly loggedPlace = new Int32Array(LOGGED)
  readonly loggedCell: Cell[] = []
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
  openBits = new Int32Array(0)
  slackBits = new Int32Array(0)
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

  /** Puts an empty cell at its place. */
  insert(cell: Cell, start: number): void {
    const { cells } = this
    if (cells.length === this.size) this.#arena.double(this)
    const place = placeOf(cells, cell)
    for (const array of this.#columns()) array.copyWithin(place + 1, place, cells.length)
    cells.splice(place, 0, cell)
    for (let i = place; i < cells.length; i++) (cells[i] as Cell).place = i
    this.classes[place] = cell.class.id
    this.levelsIn[place] = cell.levelIn
    this.levelsOut[place] = cell.levelOut
    this.starts[place] = start
    this.counts[place] = this.opens[place] = this.slacks[place] = 0
    insertBit(this.openBits, this.words, place, 0)
    insertBit(this.slackBits, this.words, place, 0)
    this.#log(CAME, cell)
  }

  /** Takes out a cell that has become empty. */
  remove(cell: Cell): void {
    const { cells } = this
    const { place } = cell
    const { words } = this
    for (const array of this.#columns()) array.copyWithin(place, place + 1, cells.length)
    cells.splice(place, 1)
    for (let i = place; i < cells.length; i++) (cells[i] as Cell).place = i
    removeBit(this.openBits, words, place)
    removeBit(this.slackBits, words, place)
    this.#log(LEFT, cell)
  }

  /** A replica joined or left the cell. The first and the last are logged as the cell's. */
  counted(cell: Cell, by: number): void {
    const count = (this.counts[cell.place] as number) + by
    this.counts[cell.place] = count
    if (count > 0 && count - by > 0) this.#log(COUNTED, cell)
  }

  /** Adds to the open and slack slots of a place. */
  flagged(place: number, open: number, slack: number): void {
    const opens = (this.opens[place] as number) + open
    const slacks = (this.slacks[place] as number) + slack
    this.opens[place] = opens
    this.slacks[place] = slacks
    const word = place >>> 5
    const bit = 1 << (place & 31)
    const { openBits, slackBits } = this
    openBits[word] = opens > 0 ? (openBits[word] as number) | bit : (openBits[word] as number) & ~bit
    slackBits[word] = slacks > 0 ? (slackBits[word] as number) | bit : (slackBits[word] as number) & ~bit
  }

  #columns(): (Int32Array | Int16Array)[] {
    return [this.classes, this.levelsIn, this.levelsOut, this.starts, this.counts, this.opens, this.slacks]
  }

  #log(what: number, cell: Cell): void {
    const at = this.changes++ % LOGGED
    this.logged[at] = what
    this.loggedPlace[at] = cell.place
    this.loggedCell[at] = cell
  }
}

/** Where the cell belongs: by hash, then by key. */
function placeOf(cells: readonly Cell[], cell: Cell): number {
  let low = 0
  let high = cells.length
  while (low < high) {
    const middle = (low + high) >>> 1
    const other = cells[middle] as Cell
    if (other.hash < cell.hash || (other.hash === cell.hash && other.key < cell.key)) low = middle + 1
    else high = middle
  }
  return low
}
