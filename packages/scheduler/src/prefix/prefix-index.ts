/**
 * What a gateway knows of the replicas' prefix caches: which replica last ran an attempt with which prompt blocks.
 *
 * Blocks are chained hashes: the i-th names the whole prompt up to it, so a replica that ran block i ran all before it,
 * and the longest known prefix is found by bisection. Memory is bounded by LRU over blocks; a block is always touched
 * before the ones that lead to it, so ends of prompts are forgotten before their beginnings, as engines evict them.
 * A lookup allocates nothing. It is a guess, never a promise: engines evict by their own rules.
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
const NONE = -1

export function createPrefixIndex({ blocksMax }: PrefixIndexOptions): PrefixIndex {
  invariant(Number.isSafeInteger(blocksMax) && blocksMax >= 1 && blocksMax <= 2 ** 26, 'blocksMax is 1 to 2^26')
  let capacity = Math.min(ENTRIES_AT_FIRST, blocksMax)
  let size = 0
  let keys = new Float64Array(capacity)
  let ways = new Int32Array(capacity * WAYS).fill(NONE)
  /** The incarnation of the replica when it was noted: `forget` starts a new one, and old notes turn void. */
  let wayEpochs = new Int32Array(capacity * WAYS)
  /** Blocks that became known as its successor: one in a conversation, many where prompts part. */
  let branches = new Int32Array(capacity)
  /** No block has more. */
  let branchesMost = 0
  let chain = new Int32Array(capacity)
  let newer = new Int32Array(capacity)
  let older = new Int32Array(capacity)
  let buckets = new Int32Array(bucketsFor(capacity)).fill(NONE)
  let newest = NONE
  let oldest = NONE
  let epochs = new Int32Array(64)

  function find(key: number): number {
    let entry = buckets[bucketOf(key, buckets.length)] ?? NONE
    while (entry !== NONE && keys[entry] !== key) entry = chain[entry] ?? NONE
    return entry
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
      if (isNewBranch) branchesMost = Math.max(branchesMost, (branches[entry] = (branches[entry] as number) + 1))
      isNewBranch = !isKnown
      noteWay(entry, slot)
    }
  }

  /** Puts the replica first among those of the block; the one named longest ago falls out. */
  function noteWay(entry: number, slot: number): void {
    const from = entry * WAYS
    let at = 0
    while (at < WAYS - 1 && ways[from + at] !== slot && ways[from + at] !== NONE) at++
    for (; at > 0; at--) {
      ways[from + at] = ways[from + at - 1] as number
      wayEpochs[from + at] = wayEpochs[from + at - 1] as number
    }
    ways[from] = slot
    wayEpochs[from] = epochs[slot] as number
  }

  function holders(hashes: readonly number[], out: PrefixHolders): number {
    const wanted = Math.min(out.slot.length, out.blocks.length)
    let known = longest(hashes, validLength(hashes), 1)
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
      if (entry !== NONE && (branches[entry] as number) >= branchesMin) return blocks
    }
    return 0
  }

  /** Length of the longest prefix, at most `lengthMax`, whose last block has `replicas` holders; 0 = none. */
  function longest(hashes: readonly number[], lengthMax: number, replicas: number): number {
    let low = 0
    let high = lengthMax
    while (low < high) {
      const middle = (low + high + 1) >>> 1
      const entry = find(hashes[middle - 1] as number)
      if (entry !== NONE && holdersOf(entry, replicas)) low = middle
      else high = middle - 1
    }
    return low
  }

  function holdersOf(entry: number, replicas: number): boolean {
    let live = 0
    for (let way = entry * WAYS; way < (entry + 1) * WAYS; way++) if (isLive(way)) live++
    return live >= Math.min(replicas, WAYS)
  }

  function collect(entry: number, blocks: number, out: PrefixHolders, countBefore: number, wanted: number): number {
    let count = countBefore
    for (let way = entry * WAYS; way < (entry + 1) * WAYS && count < wanted; way++) {
      if (!isLive(way)) continue
      const slot = ways[way] as number
      let known = false
      for (let i = 0; i < count; i++) known ||= out.slot[i] === slot
      if (known) continue
      out.slot[count] = slot
      out.blocks[count] = blocks
      count++
    }
    return count
  }

  function isLive(way: number): boolean {
    const slot = ways[way] as number
    return slot !== NONE && wayEpochs[way] === epochs[slot]
  }

  function insert(key: number): number {
    let entry = size
    if (size === blocksMax) {
      entry = oldest
      unlink(entry)
      unchain(entry)
      ways.fill(NONE, entry * WAYS, (entry + 1) * WAYS)
      branches[entry] = 0
    } else {
      if (size === capacity) enlarge()
      size++
    }
    keys[entry] = key
    const bucket = bucketOf(key, buckets.length)
    chain[entry] = buckets[bucket] as number
    buckets[bucket] = entry
    linkNewest(entry)
    return entry
  }

  function enlarge(): void {
    capacity = Math.min(capacity * 2, blocksMax)
    keys = grown(keys, capacity)
    wayEpochs = grown(wayEpochs, capacity * WAYS)
    const used = ways.length
    ways = grown(ways, capacity * WAYS).fill(NONE, used)
    branches = grown(branches, capacity)
    chain = grown(chain, capacity)
    newer = grown(newer, capacity)
    older = grown(older, capacity)
    buckets = new Int32Array(bucketsFor(capacity)).fill(NONE)
    for (let entry = 0; entry < size; entry++) {
      const bucket = bucketOf(keys[entry] as number, buckets.length)
      chain[entry] = buckets[bucket] as number
      buckets[bucket] = entry
    }
  }

  function unchain(entry: number): void {
    const bucket = bucketOf(keys[entry] as number, buckets.length)
    let at = buckets[bucket] as number
    if (at === entry) {
      buckets[bucket] = chain[entry] as number
      return
    }
    while (chain[at] !== entry) at = chain[at] as number
    chain[at] = chain[entry] as number
  }

  function linkNewest(entry: number): void {
    newer[entry] = NONE
    older[entry] = newest
    if (newest === NONE) oldest = entry
    else newer[newest] = entry
    newest = entry
  }

  function unlink(entry: number): void {
    const next = newer[entry] as number
    const previous = older[entry] as number
    if (next === NONE) newest = previous
    else older[next] = previous
    if (previous === NONE) oldest = next
    else newer[previous] = next
  }

  return {
    note,
    holders,
    common,
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

function bucketsFor(capacity: number): number {
  let buckets = 16
  while (buckets < capacity) buckets *= 2
  return buckets
}

/** A 53-bit key folded to a bucket by multiplications (Stafford's mix constants). */
function bucketOf(key: number, buckets: number): number {
  let hash = (key | 0) ^ Math.imul(Math.floor(key / 4_294_967_296), 0x9e3779b1)
  hash = Math.imul(hash ^ (hash >>> 16), 0x21f0aaad)
  hash = Math.imul(hash ^ (hash >>> 15), 0x735a2d97)
  return (hash ^ (hash >>> 15)) & (buckets - 1)
}

function grown<A extends Int32Array | Float64Array>(array: A, length: number): A {
  const larger = new (array.constructor as new (length: number) => A)(length)
  larger.set(array)
  return larger
}
