/**
 * Which replicas a decision looks at: all of a small eligible set; else about sixteen, half of them from the cheapest
 * replicas that have slack, half uniform; and up to two that are thought to hold the prompt's prefix in their cache.
 *
 * No full scan: it would be slow, and under stale state it would send every gateway to one node. Draws are made among
 * what the fixed constraints leave, so none is wasted on a replica that the policy forbids.
 */
import type { Prng } from '@isochrone/domain'
import type { PlacementRequest } from '../placement.ts'
import * as col from '../pool/columns.ts'
import { AT_MASK, AT_WORD, ENTRY, GUIDES, type CompiledPolicy } from '../pool/compiled-policy.ts'
import type { ReplicaPool } from '../pool/replica-pool.ts'
import { CELLS_MAX } from './scratch.ts'

/** Random places of a cell that are tried before it is walked through. */
const CELL_TRIES = 4
/** Below this share of its own cap a replica is not loaded, whatever the mean: where few streams run, the mean says little. */
const FREE_SHARE = 0.1
/** Where prompts part into more ways than this many times the pool's size, what precedes is thought to be everywhere. */
const COMMON_BRANCHES = 2
/** Times that uniform draws fill the sample up: what they meet may lack slack. */
const UNIFORM_ROUNDS = 2

/** Fills `scratch.slots`; `locate` finds the rows. */
export function sample(pool: ReplicaPool, compiled: CompiledPolicy, request: PlacementRequest, rng: Prng): void {
  const { scratch: s, tuning } = pool
  s.n = 0
  s.seen.fill(0)
  if (compiled.eligible <= tuning.wholeMax) takeAll(pool, compiled)
  else {
    const total = collect(pool, compiled, col.SLACK, rng)
    if (total > 0) drawCollected(pool, col.SLACK, total, tuning.priceBiased, rng)
    const spare = drawUniform(pool, compiled, tuning.sampleSize, rng)
    if (s.n < tuning.sampleFill) fill(pool, compiled, spare, rng)
  }
  if (request.prefixHashes.length > 0) addHolders(pool, compiled, request)
}

/** Notes a slot unless it is noted already. */
export function add(pool: ReplicaPool, slot: number): boolean {
  const s = pool.scratch
  const { n, slots, seen } = s
  if (n === s.capacity) return false
  const word = (slot >>> 5) & 31
  const marked = seen[word] as number
  const bit = 1 << (slot & 31)
  // Only a slot whose mark is set may be there already.
  if ((marked & bit) === 0) seen[word] = marked | bit
  else for (let i = 0; i < n; i++) if (slots[i] === slot) return false
  slots[n] = slot
  s.cached[n] = 0
  s.reason[n] = 0
  s.n = n + 1
  return true
}

/** Says where the rows from `from` on are, and touches them, so that their cache misses overlap. */
export function locate(pool: ReplicaPool, from: number): void {
  const s = pool.scratch
  const { n, slots, base, kept } = s
  const source = pool.rows
  s.source = source
  s.ages = false
  let touched = 0
  for (let i = from; i < n; i++) {
    const at = (slots[i] as number) * col.ROW
    base[i] = at
    kept[i] = 0
    touched += (source[at] as number) + (source[at + 8] as number) + (source[at + 16] as number)
  }
  s.touched = touched
}

function takeAll(pool: ReplicaPool, compiled: CompiledPolicy): void {
  const { entries, entriesEnd } = compiled
  const { arena, slab } = pool.index
  const { counts, starts } = arena
  const { data } = slab
  for (let e = 0; e < entriesEnd; e += ENTRY) {
    const first = (entries[e + AT_WORD] as number) << 5
    for (let bits = entries[e + AT_MASK] as number; bits !== 0; bits &= bits - 1) {
      const place = first + 31 - Math.clz32(bits & -bits)
      const start = starts[place] as number
      const end = start + (counts[place] as number)
      for (let i = start; i < end; i++) add(pool, data[i] as number)
    }
  }
}

/** Finds the cheapest cells with such slots until about `cheapSet` slots are found; returns how many. */
function collect(pool: ReplicaPool, compiled: CompiledPolicy, bit: number, rng: Prng): number {
  const { scratch: s, tuning } = pool
  const { live } = compiled
  let total = 0
  s.cells = 0
  const slack = bit === col.SLACK
  for (let v = 0; v < live.length; v++) {
    const { bucket, mask } = live[v] as (typeof live)[number]
    if ((slack ? bucket.slack : bucket.open) === 0) continue
    const bits = slack ? bucket.slackBits : bucket.openBits
    const having = slack ? bucket.slacks : bucket.opens
    const { words } = bucket
    // From a random word on: where a bucket has more cells than are taken, all have the same chance.
    let w = words > 1 ? rng.below(words) : 0
    for (let k = 0; k < words; k++) {
      for (let left = (mask[w] as number) & (bits[w] as number); left !== 0; left &= left - 1) {
        const place = w * 32 + 31 - Math.clz32(left & -left)
        total += having[place] as number
        s.cellStart[s.cells] = bucket.starts[place] as number
        s.cellCount[s.cells] = bucket.counts[place] as number
        s.cumulative[s.cells++] = total
        if (s.cells === CELLS_MAX) return total
      }
      w = w + 1 === words ? 0 : w + 1
    }
    if (total >= tuning.cheapSet) return total
  }
  return total
}

/** Draws among the collected slots that have the bit; `total` > 0 of them. */
function drawCollected(pool: ReplicaPool, bit: number, total: number, wanted: number, rng: Prng): void {
  const { scratch: s, flags } = pool
  const { data } = pool.index.slab
  if (total <= wanted) {
    for (let c = 0; c < s.cells; c++) {
      const start = s.cellStart[c] as number
      const end = start + (s.cellCount[c] as number)
      for (let i = start; i < end; i++) {
        const slot = data[i] as number
        if (((flags[slot] as number) & bit) !== 0) add(pool, slot)
      }
    }
    return
  }
  const end = s.n + wanted
  for (let draw = wanted * 2; draw > 0 && s.n < end; draw--) {
    const r = rng.below(total)
    let c = 0
    while ((s.cumulative[c] as number) <= r) c++
    add(pool, slotIn(pool, s.cellStart[c] as number, s.cellCount[c] as number, bit, rng))
  }
}

/** A slot of the cell that has the bit; the cell has at least one. */
function slotIn(pool: ReplicaPool, start: number, count: number, bit: number, rng: Prng): number {
  const { flags } = pool
  const { data } = pool.index.slab
  if (count === 1) return data[start] as number
  let at = 0
  for (let i = 0; i < CELL_TRIES; i++) {
    at = rng.below(count)
    const slot = data[start + at] as number
    if (((flags[slot] as number) & bit) !== 0) return slot
  }
  for (let i = 0; i < count; i++) {
    at = at + 1 === count ? 0 : at + 1
    if (((flags[data[start + at] as number] as number) & bit) !== 0) break
  }
  return data[start + at] as number
}

/** Uniform draws of replicas with slack until the sample is full; returns how many open ones without it were met. */
function drawUniform(pool: ReplicaPool, compiled: CompiledPolicy, size: number, rng: Prng): number {
  const { scratch: s, flags } = pool
  const { drawn } = s
  let spare = 0
  for (let round = 0; round < UNIFORM_ROUNDS && s.n < size; round++) {
    // All draws of a round before any is judged: their cache misses overlap.
    const wanted = size - s.n
    drawSlots(pool, compiled, drawn, wanted, rng)
    for (let i = 0; i < wanted; i++) {
      const slot = drawn[i] as number
      if (slot < 0) continue
      const flag = flags[slot] as number
      if ((flag & col.SLACK) !== 0) add(pool, slot)
      else if ((flag & col.OPEN) !== 0 && spare < s.spare.length) s.spare[spare++] = slot
    }
  }
  return spare
}

/** Little has slack: open replicas join, random ones and cheap ones. */
function fill(pool: ReplicaPool, compiled: CompiledPolicy, spare: number, rng: Prng): void {
  const { scratch: s, tuning } = pool
  for (let i = 0; i < spare && s.n < tuning.sampleFill / 2; i++) add(pool, s.spare[i] as number)
  const open = collect(pool, compiled, col.OPEN, rng)
  if (open > 0) drawCollected(pool, col.OPEN, open, tuning.sampleFill - s.n, rng)
  // Nobody is open: a few are looked at all the same, so that the answer has reasons.
  for (let draw = 0; s.n < tuning.sampleFill && open === 0 && draw < tuning.sampleFill; draw++) {
    drawSlots(pool, compiled, s.drawn, 1, rng)
    const slot = s.drawn[0] as number
    if (slot >= 0) add(pool, slot)
  }
}

/** Random eligible slots into `drawn`; -1 where a place has been given up since the counts were summed. */
function drawSlots(pool: ReplicaPool, compiled: CompiledPolicy, drawn: Int32Array, wanted: number, rng: Prng): void {
  const { entries, guide, eligible } = compiled
  const { arena, slab } = pool.index
  const { counts, starts } = arena
  const { data } = slab
  for (let i = 0; i < wanted; i++) {
    const draw = rng.unit()
    // Not `Math.floor`: these are small and not negative, and the truncation is one instruction.
    let left = (draw * eligible) | 0
    let e = guide[(draw * GUIDES) | 0] as number
    while ((entries[e] as number) <= left) e += ENTRY
    if (e > 0) left -= entries[e - ENTRY] as number
    const first = (entries[e + AT_WORD] as number) << 5
    let slot = -1
    for (let bits = entries[e + AT_MASK] as number; bits !== 0; bits &= bits - 1) {
      const place = first + 31 - Math.clz32(bits & -bits)
      const count = counts[place] as number
      if (left < count) {
        slot = data[(starts[place] as number) + left] as number
        break
      }
      left -= count
    }
    drawn[i] = slot
  }
}

/**
 * Holders of the prompt's prefix, and what is cached. A holder above its share of the load is not credited with it, and
 * what all prompts begin with is credited to everybody: the last to have seen it are nothing special.
 */
function addHolders(pool: ReplicaPool, compiled: CompiledPolicy, request: PlacementRequest): void {
  const { scratch: s, tuning } = pool
  const { prefixHashes, prefixBlockTokens, tokensIn } = request
  const found = pool.prefix.holders(prefixHashes, s.holders)
  if (found === 0) return
  const common = pool.prefix.common(prefixHashes, COMMON_BRANCHES * pool.size)
  for (let i = 0; common > 0 && i < s.n; i++) s.cached[i] = Math.min(tokensIn, common * prefixBlockTokens)
  // Consistent hashing with bounded loads (Mirrokni, Thorup, Zadimoghaddam, 2018): ⌈c·(m+1)/n⌉.
  const limit = Math.ceil((tuning.prefixLoadFactor * (pool.streamsTotal + 1)) / pool.size)
  for (let h = 0; h < found; h++) {
    const slot = s.holders.slot[h] as number
    const blocks = s.holders.blocks[h] as number
    const active = (pool.rows[slot * col.ROW + col.ACTIVE] as number) + 1
    const free = FREE_SHARE * (pool.rows[slot * col.ROW + col.STREAMS_MAX] as number)
    if (blocks <= common || active > Math.max(limit, free) || !compiled.admits(pool.index.cellOf(slot))) continue
    add(pool, slot)
    for (let i = 0; i < s.n; i++) {
      if (s.slots[i] === slot) s.cached[i] = Math.min(tokensIn, blocks * prefixBlockTokens)
    }
  }
}
