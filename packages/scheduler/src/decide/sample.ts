/**
 * Which replicas a decision looks at: all of a small eligible set; else about sixteen, half of them from the cheapest
 * replicas that have slack, half uniform; and up to two that are thought to hold the prompt's prefix in their cache.
 *
 * No full scan: it would be slow, and under stale state it would send every gateway to one node. Draws are made among
 * what the fixed constraints leave, so none is wasted on a replica that the policy forbids.
 */
import type { Prng } from '@isochrone/domain'
import type { PlacementRequest } from '../placement.ts'
import type { Cell } from '../pool/cell-index.ts'
import * as col from '../pool/columns.ts'
import type { CompiledPolicy } from '../pool/compiled-policy.ts'
import type { ReplicaPool } from '../pool/replica-pool.ts'
import { CELLS_MAX, type DecisionScratch } from './scratch.ts'

/** Random places of a cell that are tried before it is walked through. */
const CELL_TRIES = 4

export function sample(pool: ReplicaPool, compiled: CompiledPolicy, request: PlacementRequest, rng: Prng): void {
  const { scratch: s, tuning } = pool
  s.n = 0
  if (compiled.eligible <= tuning.sampleSize) takeAll(pool, compiled)
  else {
    const total = collect(s, compiled, col.SLACK, tuning.cheapSet, rng)
    drawCollected(pool, col.SLACK, total, tuning.priceBiased, rng)
    const spare = drawUniform(pool, compiled, tuning.sampleSize, rng)
    for (let i = 0; i < spare && s.n < tuning.sampleFill / 2; i++) add(pool, s.spare[i] as number)
    if (s.n < tuning.sampleFill) {
      const open = collect(s, compiled, col.OPEN, tuning.cheapSet, rng)
      drawCollected(pool, col.OPEN, open, tuning.sampleFill - s.n, rng)
    }
    // Nobody is open: a few are looked at all the same, so that the answer has reasons.
    if (s.n === 0) drawAny(pool, compiled, rng)
  }
  if (request.prefixHashes.length > 0) addHolders(pool, compiled, request)
}

/** Copies a slot's row into the sample unless it is there. */
export function add(pool: ReplicaPool, slot: number): boolean {
  const s = pool.scratch
  const { n, slots, rows } = s
  if (n === s.capacity) return false
  for (let i = 0; i < n; i++) if (slots[i] === slot) return false
  const from = slot * col.ROW
  const to = n * col.ROW
  const source = pool.rows
  for (let i = 0; i < col.ROW; i++) rows[to + i] = source[from + i] as number
  slots[n] = slot
  s.cached[n] = 0
  s.reason[n] = 0
  s.n = n + 1
  return true
}

function takeAll(pool: ReplicaPool, compiled: CompiledPolicy): void {
  for (const view of compiled.views) {
    for (const cell of view.cells) for (let i = 0; i < cell.count; i++) add(pool, cell.slots[i] as number)
  }
}

/** Finds the cheapest cells with such slots until about `target` slots are found; returns how many. */
function collect(s: DecisionScratch, compiled: CompiledPolicy, bit: number, target: number, rng: Prng): number {
  let total = 0
  s.cells = 0
  for (const view of compiled.views) {
    const { bucket, mask } = view
    if (view.count === 0 || (bit === col.SLACK ? bucket.slack : bucket.open) === 0) continue
    const bits = bit === col.SLACK ? bucket.slackBits : bucket.openBits
    const words = (bucket.cells.length + 31) >>> 5
    // From a random word on: where a bucket has more cells than are taken, all have the same chance.
    let w = words > 1 ? rng.below(words) : 0
    for (let k = 0; k < words; k++, w = w + 1 === words ? 0 : w + 1) {
      let left = (mask[w] as number) & (bits[w] as number)
      while (left !== 0) {
        const place = w * 32 + 31 - Math.clz32(left & -left)
        left &= left - 1
        const cell = bucket.cells[place] as Cell
        total += bit === col.SLACK ? cell.slack : cell.open
        s.cell[s.cells] = cell
        s.cumulative[s.cells++] = total
        if (s.cells === CELLS_MAX) return total
      }
    }
    if (total >= target) return total
  }
  return total
}

function drawCollected(pool: ReplicaPool, bit: number, total: number, wanted: number, rng: Prng): void {
  const s = pool.scratch
  const end = Math.min(s.n + wanted, pool.tuning.sampleSize)
  if (total <= wanted) {
    for (let c = 0; c < s.cells; c++) {
      const cell = s.cell[c] as Cell
      for (let i = 0; i < cell.count; i++) {
        const slot = cell.slots[i] as number
        if (((pool.flags[slot] as number) & bit) !== 0) add(pool, slot)
      }
    }
    return
  }
  for (let draw = wanted * 2; draw > 0 && s.n < end; draw--) {
    const r = rng.below(total)
    let c = 0
    while ((s.cumulative[c] as number) <= r) c++
    add(pool, slotIn(pool, s.cell[c] as Cell, bit, rng))
  }
}

/** A slot of the cell that has the bit; the cell has at least one. */
function slotIn(pool: ReplicaPool, cell: Cell, bit: number, rng: Prng): number {
  const { slots, count } = cell
  const { flags } = pool
  let at = 0
  for (let i = 0; i < CELL_TRIES; i++) {
    at = rng.below(count)
    if (((flags[slots[at] as number] as number) & bit) !== 0) return slots[at] as number
  }
  for (let i = 0; i < count; i++) {
    at = at + 1 === count ? 0 : at + 1
    if (((flags[slots[at] as number] as number) & bit) !== 0) break
  }
  return slots[at] as number
}

/** Uniform draws of replicas with slack until the sample is full; returns how many open ones without it were met. */
function drawUniform(pool: ReplicaPool, compiled: CompiledPolicy, size: number, rng: Prng): number {
  const { scratch: s, flags } = pool
  let spare = 0
  for (let draw = (size - s.n) * 2; draw > 0 && s.n < size; draw--) {
    const slot = slotAt(compiled, rng.below(compiled.eligible))
    const flag = flags[slot] as number
    if ((flag & col.SLACK) !== 0) add(pool, slot)
    else if ((flag & col.OPEN) !== 0 && spare < s.spare.length) s.spare[spare++] = slot
  }
  return spare
}

function drawAny(pool: ReplicaPool, compiled: CompiledPolicy, rng: Prng): void {
  for (let draw = 0; draw < pool.tuning.sampleFill; draw++) add(pool, slotAt(compiled, rng.below(compiled.eligible)))
}

/** The eligible slot with this number. */
function slotAt(compiled: CompiledPolicy, number: number): number {
  const { views, cumulative } = compiled
  const v = above(cumulative, views.length, number)
  const view = views[v] as (typeof views)[number]
  const inView = number - (v === 0 ? 0 : (cumulative[v - 1] as number))
  const c = above(view.cumulative, view.cells.length, inView)
  const cell = view.cells[c] as Cell
  return cell.slots[inView - (c === 0 ? 0 : (view.cumulative[c - 1] as number))] as number
}

/** First place whose value is above `number`. */
function above(values: Int32Array, length: number, number: number): number {
  let low = 0
  let high = length - 1
  while (low < high) {
    const middle = (low + high) >>> 1
    if ((values[middle] as number) > number) high = middle
    else low = middle + 1
  }
  return low
}

/** Holders of the prompt's prefix, and what is cached; none for a holder above its share of the load. */
function addHolders(pool: ReplicaPool, compiled: CompiledPolicy, request: PlacementRequest): void {
  const { scratch: s, tuning } = pool
  const found = pool.prefix.holders(request.prefixHashes, s.holders)
  // Consistent hashing with bounded loads (Mirrokni, Thorup, Zadimoghaddam, 2018): ⌈c·(m+1)/n⌉.
  const limit = Math.ceil((tuning.prefixLoadFactor * (pool.streamsTotal + 1)) / pool.size)
  for (let h = 0; h < found; h++) {
    const slot = s.holders.slot[h] as number
    const load = (pool.rows[slot * col.ROW + col.ACTIVE] as number) + 1
    if (load > limit || !compiled.admits(pool.index.cellOf(slot))) continue
    add(pool, slot)
    for (let i = 0; i < s.n; i++) {
      if (s.slots[i] !== slot) continue
      s.cached[i] = Math.min(request.tokensIn, (s.holders.blocks[h] as number) * request.prefixBlockTokens)
    }
  }
}
