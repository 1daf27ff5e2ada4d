/**
 * What a gateway knows of the replicas' prefix caches: which replica last ran an attempt with which prompt blocks.
 *
 * Blocks are chained hashes: the i-th names the whole prompt up to it, so a replica that ran block i ran all before it,
 * and the longest known prefix is found by bisection. Memory is bounded by LRU over blocks; a block is always touched
 * before the ones that lead to it, so ends of prompts are forgotten before their beginnings, as engines evict them.
 * A lookup allocates nothing. It bisects in a table of its own, eight bytes a place and at most half full, and reads the
 * entry of the block that it ends at alone. It is a guess, never a promise: engines evict by their own rules.
 */
import { invariant } from '@isochrone/domain'

export interface PrefixHolders {
  slot: Int32Array
  /** Leading blocks of the prompt that this replica is thought to hold. */
  blocks: Int32Array
}

export interface PrefixIndex {
  /** An attempt with that prompt runs on that replica. */
  note(slot: number, hashes: readonly number[]): void
  /** Fills `out` with the replicas that hold the longest known prefix, longest first, then latest; returns how many. */
  holders(hashes: readonly number[], out: PrefixHolders): number
  /**
   * Leading blocks of the prompt up to the last one after which at least `branches` different prompts went on: what
   * many callers begin with, such as a service's own prompt.
   */
  common(hashes: readonly number[], branches: number): number
  /** Reads where the last block would be found: `holders`, asked a little later, does not wait for memory then. */
  touch(hashes: readonly number[]): void
  /** The replica restarted or left, and its cache with it. */
  forget(slot: number): void
  /** Blocks known now. */
  readonly size: number
}

export interface PrefixIndexOptions {
  /** Blocks remembered at most, of all replicas together. */
  blocksMax: number
}

/** Replicas remembered for one block, latest first: a beginning that everybody shares needs no more than a choice. */
const WAYS = 4
/** A common beginning is looked for in this many leading blocks. */
const COMMON_MAX = 128
const ENTRIES_AT_FIRST = 256
/** Steps of a bisection that are looked up together, and how many blocks they may ask for. */
const LEVELS = 3
const AHEAD = 2 ** LEVELS - 1
const NONE = -1

/** An entry is one cache line of 16 integers: halves of its key, its links, its ways. */
const LINE = 16
const KEY_LOW = 0
const KEY_HIGH = 1
/** Blocks that became known as its successor: one in a conversation, many where prompts part. */
const BRANCHES = 3
const WAY = 4
/** The incarnation of the replica when it was noted: `forget` starts a new one, and old notes turn void. */
const WAY_EPOCH = 8
const NEWER = 12
const OLDER = 13
const TWO_32 = 4_294_967_296

export function createPrefixIndex({ blocksMax }: PrefixIndexOptions): PrefixIndex {
  invariant(Number.isSafeInteger(blocksMax) && blocksMax >= 1 && blocksMax <= 2 ** 26, 'blocksMax is 1 to 2^26')
  let capacity = Math.min(ENTRIES_AT_FIRST, blocksMax)
  let size = 0
  /** Entries are named by where their line begins. */
  let lines = new Int32Array(capacity * LINE)
  /** No block has more. */
  let branchesMost = 0
  /**
   * Open addressing with linear steps (Knuth, TAOCP 3, 6.4): a place is an entry, or `NONE`, and a second hash of its key.
   * Places number twice the entries at least, so a key that is not there is mostly known from one cache line.
   */
  let places = new Int32Array(2 * placesFor(capacity)).fill(NONE)
  let newest = NONE
  let oldest = NONE
  let epochs = new Int32Array(64)
  const lows = new Int32Array(AHEAD)
  const highs = new Int32Array(AHEAD)
  const ahead = new Int32Array(AHEAD)
  /** Keeps the reads that warm the cache from being optimised away. */
  const touched = new Int32Array(1)

  /** The entry of a key, or `NONE`. */
  function find(key: number): number {
    const low = key | 0
    const high = (key / TWO_32) | 0
    const hash = hashOf(low, high)
    const last = places.length - 2
    for (let at = (hash << 1) & last; ; at = (at + 2) & last) {
      const entry = places[at] as number
      if (entry === NONE) return NONE
      if (places[at + 1] === hash && lines[entry + KEY_LOW] === low && lines[entry + KEY_HIGH] === high) return entry
    }
  }

  /** Whether a key is there, up to equal hashes: one in four thousand million. */
  function isThere(key: number): boolean {
    const hash = hashOf(key | 0, (key / TWO_32) | 0)
    const last = places.length - 2
    for (let at = (hash << 1) & last; ; at = (at + 2) & last) {
      const entry = places[at] as number
      if (entry === NONE) return false
      if (places[at + 1] === hash) return true
    }
  }

  function note(slot: number, hashes: readonly number[]): void {
    invariant(Number.isSafeInteger(slot) && slot >= 0, 'a slot is a whole number from 0')
    if (slot >= epochs.length) epochs = grown(epochs, Math.max(slot + 1, epochs.length * 2))
    const last = Math.min(validLength(hashes), blocksMax) - 1
    let isNewBranch = false
    for (let i = last; i >= 0; i--) {
      const key = hashes[i] as number
      let entry = find(key)
      const isKnown = entry !== NONE
      if (!isKnown) entry = insert(key)
      else if (entry !== newest) {
        unlink(entry)
        linkNewest(entry)
      }
      if (isNewBranch) {
        const branches = (lines[entry + BRANCHES] as number) + 1
        lines[entry + BRANCHES] = branches
        branchesMost = Math.max(branchesMost, branches)
      }
      isNewBranch = !isKnown
      noteWay(entry, slot)
    }
  }

  /** Puts the replica first among those of the block; the one named longest ago falls out. */
  function noteWay(entry: number, slot: number): void {
    const from = entry + WAY
    let at = from
    while (at < from + WAYS - 1 && lines[at] !== slot && lines[at] !== NONE) at++
    for (; at > from; at--) {
      lines[at] = lines[at - 1] as number
      lines[at + WAY_EPOCH - WAY] = lines[at - 1 + WAY_EPOCH - WAY] as number
    }
    lines[from] = slot
    lines[entry + WAY_EPOCH] = epochs[slot] as number
  }

  function holders(hashes: readonly number[], out: PrefixHolders): number {
    const wanted = Math.min(out.slot.length, out.blocks.length)
    const length = validLength(hashes)
    const seen = deepest(hashes, length)
    // The usual case: the last block that is there has a holder. Else holders have left, and each entry is asked.
    const end = seen > 0 ? find(hashes[seen - 1] as number) : NONE
    let known = seen === 0 || (end !== NONE && holdersOf(end, 1)) ? seen : longest(hashes, length, 1)
    let count = 0
    // Each round needs one more replica than is found already, so it looks at shorter prefixes only.
    for (let round = 0; round < wanted && known > 0 && count < wanted; round++) {
      count = collect(find(hashes[known - 1] as number), known, out, count, wanted)
      if (count < wanted) known = longest(hashes, known - 1, count + 1)
    }
    return count
  }

  function common(hashes: readonly number[], branchesMin: number): number {
    if (branchesMost < branchesMin) return 0
    for (let blocks = Math.min(validLength(hashes), COMMON_MAX); blocks > 0; blocks--) {
      const entry = find(hashes[blocks - 1] as number)
      if (entry !== NONE && (lines[entry + BRANCHES] as number) >= branchesMin) return blocks
    }
    return 0
  }

  /**
   * Length of the longest prefix, at most `lengthMax`, whose last block is there; 0 = none. From the end: a prompt that was
   * sent before, or one turn more of a conversation, ends at what is known or shortly behind it (Bentley and Yao, 1976).
   */
  function deepest(hashes: readonly number[], lengthMax: number): number {
    if (lengthMax === 0 || isThere(hashes[lengthMax - 1] as number)) return lengthMax
    warmBack(hashes, lengthMax)
    if (!isThere(hashes[0] as number)) return 0
    let low = 1
    let high = lengthMax - 1
    for (let back = 1; back < lengthMax - 1; back *= 2) {
      const at = lengthMax - back
      if (isThere(hashes[at - 1] as number)) {
        low = at
        break
      }
      high = at - 1
    }
    for (let step = 0; low < high; step++) {
      if (step % LEVELS === 0 && high - low > AHEAD) warm(hashes, low, high)
      const middle = (low + high + 1) >>> 1
      if (isThere(hashes[middle - 1] as number)) low = middle
      else high = middle - 1
    }
    return low
  }

  /** Length of the longest prefix, at most `lengthMax`, whose last block has `replicas` holders; 0 = none. */
  function longest(hashes: readonly number[], lengthMax: number, replicas: number): number {
    let low = 0
    let high = lengthMax
    for (let step = 0; low < high; step++) {
      if (step % LEVELS === 0 && high - low > 1) warmWays(hashes, low, high)
      const middle = (low + high + 1) >>> 1
      const entry = find(hashes[middle - 1] as number)
      if (entry !== NONE && holdersOf(entry, replicas)) low = middle
      else high = middle - 1
    }
    return low
  }

  /** Where the table is first asked for a key. */
  const placeOf = (key: number): number => (hashOf(key | 0, (key / TWO_32) | 0) << 1) & (places.length - 2)

  /** Touches all that a search from the end may ask for, so that their cache misses overlap. */
  function warmBack(hashes: readonly number[], length: number): void {
    let sum = places[placeOf(hashes[0] as number)] as number
    for (let back = 1; back < length; back *= 2) sum += places[placeOf(hashes[length - back - 1] as number)] as number
    touched[0] = sum
  }

  /** Touches all that the next steps of a bisection may ask for. */
  function warm(hashes: readonly number[], low: number, high: number): void {
    lows[0] = low
    highs[0] = high
    for (let i = 0; i < AHEAD; i++) {
      const from = lows[i] as number
      const to = highs[i] as number
      const middle = (from + to + 1) >>> 1
      ahead[i] = places[placeOf(hashes[Math.max(middle, 1) - 1] as number)] as number
      if (i >= AHEAD >> 1) continue
      lows[2 * i + 1] = from
      highs[2 * i + 1] = middle - 1
      lows[2 * i + 2] = middle
      highs[2 * i + 2] = to
    }
  }

  /** And the entries that they most likely lead to. */
  function warmWays(hashes: readonly number[], low: number, high: number): void {
    warm(hashes, low, high)
    let sum = 0
    for (let i = 0; i < AHEAD; i++) sum += lines[Math.max(0, ahead[i] as number)] as number
    touched[0] = sum
  }

  function holdersOf(entry: number, replicas: number): boolean {
    let live = 0
    for (let way = entry + WAY; way < entry + WAY + WAYS; way++) if (isLive(way)) live++
    return live >= Math.min(replicas, WAYS)
  }

  function collect(entry: number, blocks: number, out: PrefixHolders, countBefore: number, wanted: number): number {
    let count = countBefore
    for (let way = entry + WAY; way < entry + WAY + WAYS && count < wanted; way++) {
      if (!isLive(way)) continue
      const slot = lines[way] as number
      let known = false
      for (let i = 0; i < count; i++) known ||= out.slot[i] === slot
      if (known) continue
      out.slot[count] = slot
      out.blocks[count] = blocks
      count++
    }
    return count
  }

  /** `way` is where it lies. */
  function isLive(way: number): boolean {
    const slot = lines[way] as number
    return slot !== NONE && lines[way + WAY_EPOCH - WAY] === epochs[slot]
  }

  function insert(key: number): number {
    let entry = size * LINE
    if (size === blocksMax) {
      entry = oldest
      unlink(entry)
      withdraw(entry)
    } else {
      if (size === capacity) enlarge()
      size++
    }
    lines[entry + KEY_LOW] = key | 0
    lines[entry + KEY_HIGH] = (key / TWO_32) | 0
    lines[entry + BRANCHES] = 0
    lines.fill(NONE, entry + WAY, entry + WAY + WAYS)
    enter(entry)
    linkNewest(entry)
    return entry
  }

  function enlarge(): void {
    capacity = Math.min(capacity * 2, blocksMax)
    lines = grown(lines, capacity * LINE)
    places = new Int32Array(2 * placesFor(capacity)).fill(NONE)
    for (let entry = 0; entry < size * LINE; entry += LINE) enter(entry)
  }

  function enter(entry: number): void {
    const hash = hashOf(lines[entry + KEY_LOW] as number, lines[entry + KEY_HIGH] as number)
    const last = places.length - 2
    let at = (hash << 1) & last
    while (places[at] !== NONE) at = (at + 2) & last
    places[at] = entry
    places[at + 1] = hash
  }

  /** Takes an entry out of its place; those behind it that stepped over it move up (Knuth, TAOCP 3, 6.4, algorithm R). */
  function withdraw(entry: number): void {
    const last = places.length - 2
    let hole = (hashOf(lines[entry + KEY_LOW] as number, lines[entry + KEY_HIGH] as number) << 1) & last
    while (places[hole] !== entry) hole = (hole + 2) & last
    for (let at = (hole + 2) & last; places[at] !== NONE; at = (at + 2) & last) {
      const home = ((places[at + 1] as number) << 1) & last
      if (((at - home) & last) < ((at - hole) & last)) continue
      places[hole] = places[at] as number
      places[hole + 1] = places[at + 1] as number
      hole = at
    }
    places[hole] = NONE
  }

  function linkNewest(entry: number): void {
    lines[entry + NEWER] = NONE
    lines[entry + OLDER] = newest
    if (newest === NONE) oldest = entry
    else lines[newest + NEWER] = entry
    newest = entry
  }

  function unlink(entry: number): void {
    const next = lines[entry + NEWER] as number
    const previous = lines[entry + OLDER] as number
    if (next === NONE) newest = previous
    else lines[next + OLDER] = previous
    if (previous === NONE) oldest = next
    else lines[previous + NEWER] = next
  }

  return {
    note,
    holders,
    common,
    touch(hashes) {
      if (hashes.length > 0) touched[0] = places[placeOf(hashes[hashes.length - 1] as number)] as number
    },
    forget(slot) {
      if (slot >= 0 && slot < epochs.length) epochs[slot] = ((epochs[slot] as number) + 1) | 0
    },
    get size() {
      return size
    },
  }
}

/** Blocks up to the first that is no hash: what follows it cannot be chained to what precedes it. */
function validLength(hashes: readonly number[]): number {
  let length = 0
  while (length < hashes.length && Number.isSafeInteger(hashes[length]) && (hashes[length] as number) >= 0) length++
  return length
}

function placesFor(capacity: number): number {
  let places = 16
  while (places < 2 * capacity) places *= 2
  return places
}

/** A 53-bit key folded to 32 bits by multiplications (Stafford's mix constants). */
function hashOf(low: number, high: number): number {
  let hash = low ^ Math.imul(high, 0x9e3779b1)
  hash = Math.imul(hash ^ (hash >>> 16), 0x21f0aaad)
  hash = Math.imul(hash ^ (hash >>> 15), 0x735a2d97)
  return hash ^ (hash >>> 15)
}

function grown(array: Int32Array, length: number): Int32Array<ArrayBuffer> {
  const larger = new Int32Array(length)
  larger.set(array)
  return larger
}
