/**
 * When a silent attempt gets a rival, and how many may: the learned lateness of each node, and a share of the requests.
 *
 * Nodes are numbered here by node and model; the oldest number is given to another one when there are too many.
 */
import { createHedgeBudget, createHedgeDelays, type HedgeBudget } from '@isochrone/scheduler'

export interface Hedging {
  readonly budget: HedgeBudget
  /** Ms from dispatch after which an attempt is late, given what was predicted of it. */
  lateAfterMs(nodeId: string, model: string, predictedTtftMs: number): number
  /** An attempt's TTFT, ms from dispatch; null where it was given up before its first token. */
  observed(nodeId: string, model: string, predictedTtftMs: number, attemptTtftMs: number | null): void
}

const NODES_MAX = 20_000

export interface HedgingOptions {
  /** Hedges for each request, 0 to 1. Default 0.05. */
  share?: number
  /** Shortest delay, ms. Default 50. */
  msMin?: number
}

export function createHedging({ share, msMin }: HedgingOptions = {}): Hedging {
  const delays = createHedgeDelays({ msMin })
  const slots = new Map<string, number>()

  function slotOf(nodeId: string, model: string): number {
    const key = `${nodeId} ${model}`
    const known = slots.get(key)
    if (known !== undefined) return known
    let slot = slots.size
    if (slot >= NODES_MAX) {
      const [oldest] = slots
      if (oldest) [, slot] = oldest
      if (oldest) slots.delete(oldest[0])
      delays.forget(slot)
    }
    slots.set(key, slot)
    return slot
  }

  return {
    budget: createHedgeBudget({ share }),
    lateAfterMs: (nodeId, model, predictedTtftMs) => delays.afterMs(slotOf(nodeId, model), predictedTtftMs),
    observed(nodeId, model, predictedTtftMs, attemptTtftMs) {
      delays.observed(slotOf(nodeId, model), predictedTtftMs, attemptTtftMs ?? Number.POSITIVE_INFINITY)
    },
  }
}
