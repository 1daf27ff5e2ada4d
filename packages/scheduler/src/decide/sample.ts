/**
 * Which replicas a decision looks at: all of a small eligible set; else about twelve, half of them from the cheapest
 * replicas that have slack, half uniform; and up to two that are thought to hold the prompt's prefix in their cache.
 *
 * No full scan: it would be slow, and under stale state it would send every gateway to one node. Draws are made among
 * what the fixed constraints leave, so none is wasted on a replica that the policy forbids. Draws are systematic: one
 * random number, and then equal steps, so each replica has the same chance and the sample spreads over the prices
 * (Madow and Madow, On the theory of systematic sampling, 1944).
 */
import type { Prng } from '@isochrone/domain'
import type { PlacementRequest } from '../placement.ts'
import * as col from '../pool/columns.ts'
import { AT_MASK, AT_WORD, ENTRY, type CompiledPolicy } from '../pool/compiled-policy.ts'
import { PLACED } from '../pool/cell-index.ts'
import type { ReplicaPool } from '../pool/replica-pool.ts'
import { addBest, recall, remember } from './recall.ts'
import { addSlot, CELLS_MAX, DRAWS_MAX, MARKS, type DecisionScratch } from './scratch.ts'

/** Random places of a cell that are tried before it is walked through. */
const CELL_TRIES = 4
/** Below this share of its own cap a replica is not loaded, whatever the mean: where few streams run, the mean says little. */
const FREE_SHARE = 0.1
/** Where prompts part into more ways than this many times the pool's size, what precedes is thought to be everywhere. */
const COMMON_BRANCHES = 2
/** Uniform draws for each place in the sample: what they meet may lack slack. */
const UNIFORM_DRAWS = 1.5
/** Integers of a cache line. */
const LINE = 16
/** Cells of a word. */
const WORD = 32

/** Fills `scratch.slots`; `locate` finds the rows. */
export function sample(pool: ReplicaPool, compiled: CompiledPolicy, request: PlacementRequest, rng: Prng): void {
  const { scratch: s, tuning } = pool
  s.n = 0
  if (!recall(pool, compiled, rng)) {
    compiled.refresh(pool.index)
    if (compiled.eligible > tuning.wholeMax) draw(pool, compiled, rng)
    else takeAll(pool, compiled)
  }
  if (s.n === 0 || request.prefixHashes.length === 0) return
  touchRows(pool, compiled)
  addHolders(pool, compiled, request)
}

/** Of what is sampled so far, and what holders are admitted by: memory answers while holders are looked for. */
function touchRows({ scratch: s, rows }: ReplicaPool, compiled: CompiledPolicy): void {
  const { n, slots } = s
  let touched = compiled.touch()
  for (let i = 0; i < n; i++) {
    const at = (slots[i] as number) * col.ROW
    touched += (rows[at] as number) + (rows[at + 8] as number)
  }
  s.touched = touched
}

function draw(pool: ReplicaPool, compiled: CompiledPolicy, rng: Prng): void {
  const { scratch: s, tuning } = pool
  const { slackBits, slacks } = pool.index.arena
  touchGuide(s, compiled)
  const total = collect(pool, compiled, slackBits, slacks, rng)
  if (total > 0) drawCollected(pool, col.SLACK, total, tuning.priceBiased, rng)
  const draws = Math.min(DRAWS_MAX, ((tuning.sampleSize - s.n) * UNIFORM_DRAWS) | 0)
  const spare = drawUniform(pool, compiled, draws, tuning.sampleSize, rng)
  addBest(pool, compiled)
  remember(pool, compiled)
  if (s.n < tuning.sampleFill) fill(pool, compiled, spare, rng)
}

/** The uniform draws come last, but what they begin with need not wait until then: a policy's tables are seldom in the cache. */
function touchGuide(s: DecisionScratch, { guide }: CompiledPolicy): void {
  let touched = 0
  for (let g = 0; g < guide.length; g += LINE) touched += guide[g] as number
  s.touched = touched
}

/** Notes a slot unless it is noted already. */
export const add = (pool: ReplicaPool, slot: number): boolean => addSlot(pool.scratch, slot)

/** Says where the rows from `from` on are, and touches their first two lines, so that cache misses overlap. */
export function locate(pool: ReplicaPool, from: number): void {
  const s = pool.scratch
  const { n, slots, base, kept, clean, domain } = s
  const { flags, rows, domains } = pool
  s.source = rows
  s.ages = false
  let touched = 0
  const wanted = pool.isCurrent ? col.OPEN : col.UNKNOWN
  for (let i = from; i < n; i++) {
    const slot = slots[i] as number
    const at = slot * col.ROW
    base[i] = at
    kept[i] = 0
    domain[i] = domains[slot] as number
    clean[i] = ((flags[slot] as number) & col.PLAIN) === wanted ? 1 : 0
    touched += (rows[at] as number) + (rows[at + 8] as number)
  }
  s.touched = touched
}

function takeAll(pool: ReplicaPool, compiled: CompiledPolicy): void {
  const { entries, entriesEnd } = compiled
  const { scratch: s, index } = pool
  const { slots, cached, reason, seen, decisions } = s
  const { counts, starts } = index.arena
  const { data } = index.slab
  let n = 0
  for (let e = 0; e < entriesEnd; e += ENTRY) {
    const first = (entries[e + AT_WORD] as number) * WORD
    for (let bits = entries[e + AT_MASK] as number; bits !== 0; bits &= bits - 1) {
      const place = first + 31 - Math.clz32(bits & (~bits + 1))
      const start = starts[place] as number
      const end = start + (counts[place] as number)
      for (let i = start; i < end; i++) {
        const slot = data[i] as number
        seen[slot & MARKS] = decisions
        slots[n] = slot
        cached[n] = 0
        reason[n++] = 0
      }
    }
  }
  s.n = n
}

/**
 * Finds cells with such slots, the cheapest price level first, until about `cheapSet` slots are found; returns how many.
 * Inside a level it begins anywhere: where a level has more than are taken, all cells have a chance.
 */
function collect(pool: ReplicaPool, compiled: CompiledPolicy, bits: Int32Array, having: Int32Array, rng: Prng): number {
  const { scratch: s, tuning } = pool
  const { entries, ends } = compiled
  const { starts, counts } = pool.index.arena
  const { cellPlace, cumulative } = s
  const { cheapSet } = tuning
  const anywhere = rng.unit()
  let total = 0
  let cells = 0
  let touched = 0
  for (let rank = 0, from = 0, to = 0; rank < ends.length && total < cheapSet; rank++, from = to) {
    to = ends[rank] as number
    const words = (to - from) / ENTRY
    let e = from + ((anywhere * words) | 0) * ENTRY
    for (let k = 0; k < words; k++) {
      const word = entries[e + AT_WORD] as number
      for (let left = (entries[e + AT_MASK] as number) & (bits[word] as number); left !== 0; left &= left - 1) {
        const place = word * WORD + 31 - Math.clz32(left & (~left + 1))
        total += having[place] as number
        touched += (starts[place] as number) + (counts[place] as number)
        cellPlace[cells] = place
        cumulative[cells++] = total
        if (cells === CELLS_MAX) {
          s.cells = cells
          s.touched = touched
          return total
        }
      }
      e += ENTRY
      if (e === to) e = from
    }
  }
  s.cells = cells
  s.touched = touched
  return total
}

/** Draws among the collected slots that have the bit; `total` > 0 of them. */
function drawCollected(pool: ReplicaPool, bit: number, total: number, wanted: number, rng: Prng): void {
  const { scratch: s, flags } = pool
  const { cellPlace, cumulative, cells } = s
  const { arena, slab } = pool.index
  const { starts, counts } = arena
  const { data } = slab
  if (total <= wanted) {
    for (let c = 0; c < cells; c++) {
      const place = cellPlace[c] as number
      const start = starts[place] as number
      const end = start + (counts[place] as number)
      for (let i = start; i < end; i++) {
        const slot = data[i] as number
        if (((flags[slot] as number) & bit) !== 0) add(pool, slot)
      }
    }
    return
  }
  const step = total / wanted
  let at = rng.unit() * step
  for (let c = 0, draw = 0; draw < wanted; draw++, at += step) {
    while ((cumulative[c] as number) <= at && c < cells - 1) c++
    const place = cellPlace[c] as number
    add(pool, slotIn(pool, starts[place] as number, counts[place] as number, bit, rng))
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
function drawUniform(pool: ReplicaPool, compiled: CompiledPolicy, draws: number, size: number, rng: Prng): number {
  const { scratch: s, flags } = pool
  const { drawn } = s
  let spare = 0
  // All draws before any is judged: their cache misses overlap.
  drawSlots(pool, compiled, draws, rng)
  // From a random one on, or those in front, the cheaper ones, would fill the sample alone.
  let k = draws > 1 ? rng.below(draws) : 0
  for (let i = 0; i < draws && s.n < size; i++) {
    const slot = drawn[k] as number
    k = k + 1 === draws ? 0 : k + 1
    const flag = flags[slot] as number
    if ((flag & col.SLACK) !== 0) add(pool, slot)
    else if ((flag & col.OPEN) !== 0) s.spare[spare++] = slot
  }
  return spare
}

/** Little has slack: open replicas join, random ones and cheap ones. */
function fill(pool: ReplicaPool, compiled: CompiledPolicy, spare: number, rng: Prng): void {
  const { scratch: s, tuning } = pool
  for (let i = 0; i < spare && s.n < tuning.sampleFill / 2; i++) add(pool, s.spare[i] as number)
  const { openBits, opens } = pool.index.arena
  const open = collect(pool, compiled, openBits, opens, rng)
  if (open > 0) drawCollected(pool, col.OPEN, open, tuning.sampleFill - s.n, rng)
  if (open > 0 || s.n >= tuning.sampleFill) return
  // Nobody is open: a few are looked at all the same, so that the answer has reasons.
  const draws = Math.min(DRAWS_MAX, tuning.sampleFill - s.n)
  drawSlots(pool, compiled, draws, rng)
  for (let i = 0; i < draws; i++) add(pool, s.drawn[i] as number)
}

/** `wanted` eligible slots into `scratch.drawn`: one at random, the others in equal steps from it, in order of price. */
function drawSlots(pool: ReplicaPool, compiled: CompiledPolicy, wanted: number, rng: Prng): void {
  const { entries, entriesEnd, guide, guideShift, eligible } = compiled
  const { arena, slab } = pool.index
  const { counts, starts } = arena
  const { data } = slab
  const { scratch: s, flags } = pool
  const { drawn, drawnLeft } = s
  const step = eligible / wanted
  let touched = 0
  // In stages, each of which reads for all draws what the next one needs: a miss does not wait for another.
  let at = rng.unit() * step
  for (let i = 0; i < wanted; i++, at += step) {
    // Not `Math.floor`: these are small and not negative, and the truncation is one instruction.
    const left = at < eligible ? at | 0 : eligible - 1
    drawnLeft[i] = left
    const e = guide[left >>> guideShift] as number
    drawn[i] = e
    // The search goes on from there, seldom further than into the next line.
    touched += (entries[e] as number) + (entries[e + LINE < entriesEnd ? e + LINE : e] as number)
  }
  for (let i = 0; i < wanted; i++) {
    const left = drawnLeft[i] as number
    let e = drawn[i] as number
    while (e > 0 && (entries[e - ENTRY] as number) > left) e -= ENTRY
    while ((entries[e] as number) <= left) e += ENTRY
    if (e > 0) drawnLeft[i] = left - (entries[e - ENTRY] as number)
    drawn[i] = e
    const first = (entries[e + AT_WORD] as number) * WORD
    touched += (counts[first] as number) + (counts[first + 16] as number) + (starts[first + 8] as number)
  }
  for (let i = 0; i < wanted; i++) {
    let left = drawnLeft[i] as number
    const e = drawn[i] as number
    let bits = entries[e + AT_MASK] as number
    const first = (entries[e + AT_WORD] as number) * WORD
    let place = first + 31 - Math.clz32(bits & (~bits + 1))
    for (let count = counts[place] as number; left >= count; count = counts[place] as number) {
      left -= count
      bits &= bits - 1
      place = first + 31 - Math.clz32(bits & (~bits + 1))
    }
    drawn[i] = (starts[place] as number) + left
  }
  for (let i = 0; i < wanted; i++) {
    const slot = data[drawn[i] as number] as number
    drawn[i] = slot
    touched += flags[slot] as number
  }
  s.touched = touched
}

/** What each holder is judged by: its row's two lines and its cell's class, none of which need be in the cache. */
function touchHolders({ scratch: s, rows, index }: ReplicaPool, found: number): void {
  let touched = 0
  for (let h = 0; h < found; h++) {
    const slot = s.holders.slot[h] as number
    const at = slot * col.ROW
    touched += (rows[at] as number) + (rows[at + 8] as number) + (index.placed[slot * PLACED] as number)
  }
  s.touched = touched
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
  touchHolders(pool, found)
  for (let h = 0; h < found; h++) {
    const slot = s.holders.slot[h] as number
    const blocks = s.holders.blocks[h] as number
    const active = (pool.rows[slot * col.ROW + col.ACTIVE] as number) + 1
    const free = FREE_SHARE * (pool.rows[slot * col.ROW + col.STREAMS_MAX] as number)
    if (blocks <= common || active > Math.max(limit, free) || !compiled.admitsSlot(slot, pool.index)) continue
    add(pool, slot)
    for (let i = 0; i < s.n; i++) {
      if (s.slots[i] === slot) s.cached[i] = Math.min(tokensIn, blocks * prefixBlockTokens)
    }
  }
}
