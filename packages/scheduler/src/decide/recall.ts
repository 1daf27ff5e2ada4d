/**
 * Of a large eligible set, three decisions in four look again at the sample that the last draw for the same policy gave:
 * at the same replicas as they are now, their load and state read anew. What a draw costs, mostly memory that nobody has
 * touched for long, is shared by four decisions, as Prequal shares a probe (Wydrowski et al., NSDI 2024, section 4).
 *
 * A new sample is twelve replicas and the best of the decision before, up to three: memory makes up for what the rarer draws
 * miss (Mitzenmacher, Prabhakar, Shah, Load balancing with memory, FOCS 2002).
 *
 * Whether a decision draws, and whether it forgets, is decided by its own generator: nobody can reckon with the turn, and two
 * gateways that know the same fleet agree from the next draw of that kind on, whatever each had decided before. A replica
 * that came, left or changed its offer since the draw, or has no slack now, is passed over.
 */
import type { Prng } from '@isochrone/domain'
import * as col from '../pool/columns.ts'
import { NO_SLOT, type CompiledPolicy } from '../pool/compiled-policy.ts'
import type { ReplicaPool } from '../pool/replica-pool.ts'
import { addSlot, MARKS } from './scratch.ts'

/** Replicas of a sample that may have gone or lost their slack; after more it is drawn anew. The cheap fill up first. */
const LOST_MAX = 1
/** Of the draws, those that begin from nothing: what was found before is not remembered for ever. */
const FORGETTING = 0.25

/** Fills the sample from the last draw. False: there is to be a new one. Draws one number for a large set, none else. */
export function recall(pool: ReplicaPool, compiled: CompiledPolicy, rng: Prng): boolean {
  const { scratch: s, flags, tuning } = pool
  if (compiled.eligible <= tuning.recallOver) return false
  const unit = rng.unit()
  if (unit >= tuning.recallShare) {
    if (1 - unit <= (1 - tuning.recallShare) * FORGETTING) compiled.drawnCount = 0
    return false
  }
  const { drawn, drawnCount, drawnVersion } = compiled
  const { index } = pool
  const { slots, cached, reason, seen, decisions } = s
  const isSame = drawnVersion === index.version
  let n = 0
  for (let i = 0; i < drawnCount; i++) {
    const slot = drawn[i] as number
    if (((flags[slot] as number) & col.SLACK) === 0) continue
    if (!isSame && index.hasChanged(slot, drawnVersion)) continue
    seen[slot & MARKS] = decisions
    slots[n] = slot
    cached[n] = 0
    reason[n++] = 0
  }
  if (n < tuning.sampleFill || n < drawnCount - LOST_MAX) return false
  s.n = n
  return true
}

/** Keeps a sample of replicas that all have slack; one that had to be filled up otherwise serves once. */
export function remember(pool: ReplicaPool, compiled: CompiledPolicy): void {
  const { scratch: s, tuning } = pool
  compiled.drawnCount = 0
  if (tuning.recallShare === 0 || compiled.eligible <= tuning.recallOver || s.n < tuning.sampleFill) return
  if (compiled.drawn.length < s.n) compiled.drawn = new Int32Array(s.capacity)
  for (let i = 0; i < s.n; i++) compiled.drawn[i] = s.slots[i] as number
  compiled.drawnCount = s.n
  compiled.drawnVersion = pool.index.version
}

/** The best of a decision stand again at the next draw: what it found would else be forgotten (Mitzenmacher et al., 2002). */
export function keepBest(pool: ReplicaPool, compiled: CompiledPolicy): void {
  if (compiled.drawnCount === 0) return
  const { scratch: s } = pool
  compiled.bestVersion = pool.index.version
  compiled.best0 = s.chosen < 0 ? NO_SLOT : (s.slots[s.chosen] as number)
  compiled.best1 = s.alternate1 < 0 ? NO_SLOT : (s.slots[s.alternate1] as number)
  compiled.best2 = s.alternate2 < 0 ? NO_SLOT : (s.slots[s.alternate2] as number)
}

/** Adds to a new sample what the last decision found best, where it is as it was and still has slack. */
export function addBest(pool: ReplicaPool, compiled: CompiledPolicy): void {
  if (compiled.drawnCount === 0 || compiled.eligible <= pool.tuning.recallOver) return
  addStill(pool, compiled.best0, compiled.bestVersion)
  addStill(pool, compiled.best1, compiled.bestVersion)
  addStill(pool, compiled.best2, compiled.bestVersion)
}

function addStill(pool: ReplicaPool, slot: number, since: number): void {
  if (slot === NO_SLOT || ((pool.flags[slot] as number) & col.SLACK) === 0) return
  if (!pool.index.hasChanged(slot, since)) addSlot(pool.scratch, slot)
}
