/**
 * What was learned of replicas that left, for when they come back: a node whose link broke is as slow as before, and one
 * that flaps must not shed its breaker by reconnecting. Bounded: who left longest ago is forgotten first.
 */
import type { ReplicaOffer } from '../offer.ts'
import * as col from './columns.ts'

const DEPARTED_MAX = 4_096
const learnedColumns = [
  col.STREAMS_MAX,
  col.BREAKER_UNTIL,
  col.FAILURE_RATE,
  col.OBSERVATIONS,
  col.BASE,
  col.PREFILL_MS,
  col.TPOT_A,
  col.TPOT_B,
  col.TPOT_G,
] as const
/** Of the cold row: sums of the fits, the prior they started from, failures in a row, level of the breaker. */
const COLD_LEARNED = col.BREAKER_LEVEL + 1

interface Departed {
  offer: ReplicaOffer
  row: readonly number[]
  cold: Float64Array
}

export class DepartedReplicas {
  readonly #byNode = new Map<string, Departed>()

  save(offer: ReplicaOffer, rows: Float64Array, cold: Float64Array, slot: number): void {
    this.#byNode.delete(offer.nodeId)
    if (this.#byNode.size >= DEPARTED_MAX) {
      const [oldest] = this.#byNode.keys()
      if (oldest !== undefined) this.#byNode.delete(oldest)
    }
    const row = learnedColumns.map((column) => rows[slot * col.ROW + column] as number)
    const learned = cold.slice(slot * col.COLD, slot * col.COLD + COLD_LEARNED)
    this.#byNode.set(offer.nodeId, { offer, row, cold: learned })
  }

  /** Brings back what was learned where the node offers the same machine. False when nothing is known. */
  restore(
    offer: ReplicaOffer,
    rows: Float64Array,
    cold: Float64Array,
    slot: number,
    same: (a: ReplicaOffer, b: ReplicaOffer) => boolean,
  ): boolean {
    const known = this.#byNode.get(offer.nodeId)
    this.#byNode.delete(offer.nodeId)
    if (!known || !same(known.offer, offer)) return false
    for (const [i, column] of learnedColumns.entries()) rows[slot * col.ROW + column] = known.row[i] as number
    cold.set(known.cold, slot * col.COLD)
    return true
  }
}
